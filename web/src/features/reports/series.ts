import type { Schemas } from "@/api/types";
import { dayOf } from "@/lib/time";

export type Amount = Schemas["AmountView"];
export type SalesPart = Schemas["SalesPart"];

/** What a chart of sales can show: the revenue or the margin in one currency, or a count. */
export type Measure =
  | { kind: "revenue" | "margin"; currency: string }
  | { kind: "units" }
  | { kind: "orders" };

export function currenciesOf(parts: readonly { revenue: readonly Amount[] }[]): string[] {
  return [...new Set(parts.flatMap((part) => part.revenue.map(({ currency }) => currency)))].sort();
}

export function amountIn(amounts: readonly Amount[], currency: string): number {
  return amounts.find((each) => each.currency === currency)?.amount ?? 0;
}

export function measured(part: Omit<SalesPart, "date">, measure: Measure): number {
  if (measure.kind === "revenue") return amountIn(part.revenue, measure.currency);
  if (measure.kind === "margin") return amountIn(part.margin, measure.currency);
  return measure.kind === "units" ? part.units : part.orders + part.sales;
}

export interface Point {
  date: string;
  value: number;
}

export function pointsOf(parts: readonly SalesPart[], measure: Measure): Point[] {
  return parts.map((part) => ({ date: part.date, value: measured(part, measure) }));
}

/** The chart in a sentence, for those who cannot see it. */
export function sentenceOf(
  points: readonly Point[],
  show: (value: number) => string,
  weekly = false,
): string {
  const total = points.reduce((sum, { value }) => sum + value, 0);
  const best = points.reduce<Point | null>(
    (most, point) => (point.value > (most?.value ?? 0) ? point : most),
    null,
  );
  const all = `${show(total)} in total`;
  return best
    ? `${all}; most ${weekly ? "in the week of" : "on"} ${dayName(best.date)}: ${show(best.value)}.`
    : `${all}.`;
}

const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const long = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });

/** "2025-01-31" is that day wherever it is read. */
export function dayName(date: string, style: "short" | "long" = "long"): string {
  const at = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(at) ? date : (style === "short" ? short : long).format(at);
}

/** The days back from today, as a report wants its first one; both ends are in the range. */
export function daysBack(today: Date, days: number): string {
  return dayOf(new Date(today.getFullYear(), today.getMonth(), today.getDate() - (days - 1)));
}

/** Units that came and that went, of one part of a stock history. */
export function inAndOut(part: Schemas["StockPart"]): { date: string; came: number; went: number } {
  const moves = [part.initial, part.restocked, part.sold, part.returned, part.adjusted];
  const sum = (values: number[]) => values.reduce((all, each) => all + each, 0);
  return {
    date: part.date,
    came: sum(moves.filter((each) => each > 0)),
    went: -sum(moves.filter((each) => each < 0)),
  };
}
