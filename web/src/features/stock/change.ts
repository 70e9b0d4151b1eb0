import type { Schemas } from "@/api/types";
import { formatCount } from "@/lib/count";

/** What a change does to a product's stock: pure, so that forms, previews and tests share one rule. */

export type Stock = Pick<
  Schemas["StockView"],
  | "availableStock"
  | "reservedStock"
  | "totalStock"
  | "lowStockThreshold"
  | "locations"
  | "status"
  | "isLowStock"
>;
export type ChangeKind = "restock" | "adjust" | "count" | "transfer";

export interface ChangeForm {
  quantity: string;
  location: string;
  to: string;
  reason: string;
}

export const REASON_MAX = 500;
export const UNITS_MAX = 1_000_000_000;

/** "-3" → -3, "1 200" → 1200; null where it is no whole number. */
export function parseWhole(text: string): number | null {
  const plain = text
    .trim()
    .replace(/^[−–]/, "-")
    .replace(/[\s'’]/g, "");
  if (!/^[+-]?\d{1,10}$/.test(plain)) return null;
  return Number(plain) || 0;
}

interface Level {
  available: number;
  reserved: number;
  total: number;
}

/** The units at a location; none where it never held any. */
export function levelAt(stock: Stock, location: string): Level {
  const found = stock.locations.find((each) => each.location === location);
  return found
    ? { available: found.availableStock, reserved: found.reservedStock, total: found.totalStock }
    : { available: 0, reserved: 0, total: 0 };
}

/** By how many units each location changes; null while the form says no number. */
export function deltasOf(kind: ChangeKind, stock: Stock, form: ChangeForm): Map<string, number> | null {
  const units = parseWhole(form.quantity);
  if (units === null) return null;
  if (kind === "count") return new Map([[form.location, units - levelAt(stock, form.location).total]]);
  if (kind === "transfer") {
    return form.location === form.to
      ? new Map()
      : new Map([
          [form.location, -units],
          [form.to, units],
        ]);
  }
  return new Map([[form.location, units]]);
}

export type Problems = Partial<Record<keyof ChangeForm, string>>;

/** What keeps a change from being made, field by field. */
export function problemsOf(kind: ChangeKind, stock: Stock, form: ChangeForm): Problems {
  return {
    ...unitsProblem(kind, stock, form),
    ...(!form.reason.trim() && { reason: "Enter a reason: it is stored in the stock history" }),
  };
}

function unitsProblem(kind: ChangeKind, stock: Stock, form: ChangeForm): Problems {
  const units = parseWhole(form.quantity);
  const { available, reserved } = levelAt(stock, form.location);
  if (units === null) return { quantity: "A whole number" };
  if (Math.abs(units) > UNITS_MAX) return { quantity: "That number is too large" };
  if (kind === "restock" && units < 1) return { quantity: "At least 1" };
  if (kind === "adjust") {
    if (units === 0) return { quantity: "Not 0" };
    if (units + available < 0) return { quantity: `Only ${formatCount(available)} can be taken here` };
  }
  if (kind === "count") {
    if (units < 0) return { quantity: "0 or more" };
    if (units < reserved) return { quantity: `${formatCount(reserved)} of them are reserved for orders` };
  }
  if (kind === "transfer") {
    if (form.location === form.to) return { to: "Choose another location" };
    if (units < 1) return { quantity: "At least 1" };
    if (units > available) return { quantity: `Only ${formatCount(available)} can be taken here` };
  }
  return {};
}

/** The stock as it will be: what is shown until the server has answered. */
export function changed<S extends Stock>(stock: S, deltas: ReadonlyMap<string, number>): S {
  const version = stock.locations[0]?.version ?? 0;
  const known = new Set(stock.locations.map(({ location }) => location));
  const opened = [...deltas]
    .filter(([location]) => !known.has(location))
    .map(([location]) => ({
      location,
      active: true,
      availableStock: 0,
      reservedStock: 0,
      totalStock: 0,
      version,
    }));
  const locations = [...stock.locations, ...opened].map((level) => {
    const delta = deltas.get(level.location) ?? 0;
    return {
      ...level,
      availableStock: level.availableStock + delta,
      totalStock: level.totalStock + delta,
    };
  });
  const sum = [...deltas.values()].reduce((total, delta) => total + delta, 0);
  const availableStock = stock.availableStock + sum;
  const isLowStock = availableStock < stock.lowStockThreshold;
  return {
    ...stock,
    locations,
    availableStock,
    totalStock: stock.totalStock + sum,
    isLowStock,
    status: availableStock === 0 ? "OUT" : isLowStock ? "LOW" : "IN_STOCK",
  };
}
