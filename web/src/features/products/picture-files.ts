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
