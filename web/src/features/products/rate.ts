/** Tax rates: the API has hundredths of a percent, people write 19 or 5.5. */

const RATE = /^\d{1,3}(?:[.,]\d{1,2})?$/;
const RATE_MAX = 10_000;

/** "5.5" → 550; null where it is no rate from 0 to 100. */
export function parseRate(text: string): number | null {
  const trimmed = text.trim().replace(/\s*%$/, "");
  if (!RATE.test(trimmed)) return null;
  const rate = Math.round(Number(trimmed.replace(",", ".")) * 100);
  return rate <= RATE_MAX ? rate : null;
}

/** 550 → "5.5" */
export function plainRate(rate: number): string {
  return String(rate / 100);
}

/** How much of a price is left above the cost, in whole percent; null without a price. */
export function marginOf(price: number | null, cost: number | null): number | null {
  return price === null || cost === null || price <= 0 ? null : Math.round(((price - cost) / price) * 100);
}
