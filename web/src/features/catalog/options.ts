export interface Choice {
  name: string;
  values: string[];
}

/** What a buyer chooses: each option that offers values. Anything else there is not a choice. */
export function choicesOf(options: Record<string, unknown>): Choice[] {
  return Object.entries(options).flatMap(([name, given]) => {
    const values = (Array.isArray(given) ? given : [given])
      .filter((value) => typeof value === "string" || typeof value === "number")
      .map(String)
      .filter(Boolean);
    return values.length ? [{ name, values: [...new Set(values)] }] : [];
  });
}

/** What was chosen and is not offered any more: ["Red"]. */
export function notOffered(chosen: Record<string, string>, options: Record<string, unknown>): string[] {
  const offered = new Map(choicesOf(options).map(({ name, values }) => [name, values]));
  return Object.entries(chosen)
    .filter(([name, value]) => !offered.get(name)?.includes(value))
    .map(([, value]) => titled(value));
}

/** "felt grey, 40" */
export function describeOptions(options: Record<string, unknown>): string {
  return Object.values(options)
    .filter((value) => typeof value === "string" || typeof value === "number")
    .map((value) => titled(String(value)))
    .join(", ");
}

/** "Desk (Felt grey, 40)": a line in one row of text. */
export function lineTitle({ name, options }: { name: string; options: Record<string, unknown> }): string {
  const chosen = describeOptions(options);
  return chosen ? `${name} (${chosen})` : name;
}

/** "felt grey" → "Felt grey": many catalogues keep their names in small letters. */
export function titled(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
