import type { Schemas } from "@/api/types";
import { parseWhole } from "@/features/stock/change";
import { rowKey } from "./variant-rows";

/** Spreading a shared stock over variants: pure, what is given of each location, and what is left to give. */

export interface Level {
  location: string;
  available: number;
}

/** Units as they are typed: by variant, by location. */
export type Shares = Record<string, Record<string, string>>;

export function shareOf(shares: Shares, options: Record<string, string>, location: string): string {
  return shares[rowKey(options)]?.[location] ?? "";
}

export function withShare(
  shares: Shares,
  options: Record<string, string>,
  location: string,
  units: string,
): Shares {
  const key = rowKey(options);
  return { ...shares, [key]: { ...shares[key], [location]: units } };
}

/** What is left to give of a location, less than nothing where more is given; null while something is no number. */
export function leftAt(rows: readonly Record<string, string>[], level: Level, shares: Shares): number | null {
  let left = level.available;
  for (const options of rows) {
    const text = shareOf(shares, options, level.location);
    const units = text.trim() ? parseWhole(text) : 0;
    if (units === null || units < 0) return null;
    left -= units;
  }
  return left;
}

/** The same to each, and one more to the first ones where it does not come out even. */
export function evenly(rows: readonly Record<string, string>[], levels: readonly Level[]): Shares {
  let shares: Shares = {};
  for (const { location, available } of levels) {
    const each = Math.floor(available / rows.length);
    rows.forEach((options, index) => {
      const units = each + (index < available - each * rows.length ? 1 : 0);
      shares = withShare(shares, options, location, String(units));
    });
  }
  return shares;
}

/** The body of the request; the stock may be at one location or at several. */
export function spreadBody(
  rows: readonly Record<string, string>[],
  levels: readonly Level[],
  shares: Shares,
  skus: Record<string, string>,
): Schemas["SpreadBody"]["variants"] {
  return rows.map((options) => {
    const sku = skus[rowKey(options)]?.trim();
    return {
      options,
      ...(sku && { sku }),
      locations: levels.map(({ location }) => ({
        location,
        quantity: parseWhole(shareOf(shares, options, location)) ?? 0,
      })),
    } as Schemas["ShareBody"];
  });
}
