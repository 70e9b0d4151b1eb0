/** Times come as ISO 8601 in UTC; people read them in their own zone. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

export type TimeStyle = "relative" | "date" | "datetime";

/** "3 minutes ago", and from a week on the date. */
export function formatRelative(at: number, now: number): string {
  const ahead = at - now;
  const size = Math.abs(ahead);
  if (size < 45_000) return ahead > 0 ? "in a moment" : "just now";
  if (size < HOUR) return relative.format(Math.round(ahead / MINUTE), "minute");
  if (size < DAY) return relative.format(Math.round(ahead / HOUR), "hour");
  if (size < 7 * DAY) return relative.format(Math.round(ahead / DAY), "day");
  return date.format(at);
}

export function formatTime(iso: string, style: TimeStyle, now: number = Date.now()): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return iso;
  if (style === "relative") return formatRelative(at, now);
  return style === "date" ? date.format(at) : dateTime.format(at);
}

/** The whole truth, for the tooltip: weekday, date, seconds, zone. */
export function exactTime(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : exact.format(at);
}

/** 754 s → "12:34"; with hours "1:02:03"; never below zero. */
export function formatCountdown(milliseconds: number): string {
  const left = Math.max(0, Math.ceil(milliseconds / 1000));
  const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor((left % 3600) / 60), left % 60];
  const two = (part: number) => String(part).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** The day that it is then, in the reader's own zone: "2026-11-21". */
export function dayOf(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** The first moment of a day as a date field writes it ("2026-11-21"), in the reader's own zone. */
export function dayStart(day: string): string | undefined {
  const at = Date.parse(`${day}T00:00:00`);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** The last moment of that day. */
export function dayEnd(day: string): string | undefined {
  const at = Date.parse(`${day}T23:59:59.999`);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
