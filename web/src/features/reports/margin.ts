import type { Schemas } from "@/api/types";
import { formatMoney } from "@/lib/money";

export type Margin = Schemas["MarginView"];

/** "$1,200.00 (42 %)" for each currency; "" where no cost is known. */
export function marginInWords(margins: readonly Margin[]): string {
  return margins
    .map(({ currency, amount, revenue }) => {
      const share = revenue > 0 ? ` (${String(Math.round((100 * amount) / revenue))} %)` : "";
      return `${formatMoney(amount, currency)}${share}`;
    })
    .join(" and ");
}

/** The part of the revenue, in whole percent, whose goods' cost is known: the least of all currencies; null without any. */
export function knownShare(margins: readonly Margin[]): number | null {
  const shares = margins.map(({ shareOfRevenue }) => shareOfRevenue).filter((each) => each !== null);
  return shares.length ? Math.round(Math.min(...shares) / 100) : null;
}
