import { api, dataOf } from "@/api/client";
import type { Image } from "@/api/types";
import { putFile } from "@/api/upload";

export const KINDS = "image/jpeg,image/png,image/webp";
export const PICTURES_MAX = 20;
const BYTES_MAX = 10 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;

/** Why a file cannot be a picture, as far as that shows before it is sent; null where it may be one. */
export function whyNot(file: { name: string; size: number }): string | null {
  if (file.size === 0) return "This file is empty.";
  if (file.size > BYTES_MAX) {
    return `This file has ${(file.size / MEGABYTE).toFixed(1)} MB; a picture has at most 10 MB.`;
  }
  return null;
}

/** Adds a picture to a product, by an upload: it may be larger than a request, and shows how far it is. */
export async function addPicture(
  productId: string,
  file: File,
  onProgress: (share: number) => void,
): Promise<Image> {
  const upload = await dataOf(api.POST("/uploads", { body: { size: file.size } }));
  await putFile(upload.url, file, onProgress);
  return dataOf(
    api.POST("/products/{id}/images", {
      params: { path: { id: productId } },
      body: { uploadId: upload.id },
    }),
  );
}

export function changePicture(
  productId: string,
  imageId: string,
  body: { alt?: string; position?: number },
): Promise<Image> {
  return dataOf(
    api.PATCH("/products/{id}/images/{imageId}", { params: { path: { id: productId, imageId } }, body }),
  );
}

export async function deletePicture(productId: string, imageId: string): Promise<void> {
  await dataOf(
    api.DELETE("/products/{id}/images/{imageId}", { params: { path: { id: productId, imageId } } }),
  );
}
