/** A picture of a product, in each of its widths. */
export interface Picture {
  id: string;
  url: string;
  widths: number[];
  alt: string;
}

/** The address of one width: each has its width at the end. */
export function urlOf(picture: Picture, width: number): string {
  return picture.url.replace(/-\d+(\.\w+)$/, `-${String(width)}$1`);
}

/** Its widths, up to one, as the `srcset` of an img. */
export function srcSetOf(picture: Picture, widest = Number.POSITIVE_INFINITY): string {
  const widths = picture.widths.filter((width, index) => index === 0 || width <= widest);
  return widths.map((width) => `${urlOf(picture, width)} ${String(width)}w`).join(", ");
}

/** One small address, for what stores a single one. */
export function smallUrlOf(goods: { imageUrl: string | null; images: Picture[] }): string | null {
  const [first] = goods.images;
  return first ? urlOf(first, first.widths[0] ?? 0) : goods.imageUrl;
}
