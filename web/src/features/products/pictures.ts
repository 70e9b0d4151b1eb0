import { api, dataOf } from "@/api/client";
import type { Image } from "@/api/types";
import { putFile } from "@/api/upload";

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
