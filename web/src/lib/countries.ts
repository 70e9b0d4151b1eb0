const NAMES = new Intl.DisplayNames(["en"], { type: "region" });

/** "DE" → "Germany"; a code that the browser does not know stays as it is. */
export function countryName(code: string): string {
  try {
    return NAMES.of(code) ?? code;
  } catch {
    return code;
  }
}
