/** Money is a whole number of minor units; how many of them make one is the currency's business. */

/** Digits behind the point where they are not two (ISO 4217). Browsers disagree: Chromium writes HUF and IQD without any. */
const DIGITS = new Map(
  (
    [
      [0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"],
      [3, "BHD IQD JOD KWD LYD OMR TND"],
      [4, "CLF UYW"],
    ] as const
  ).flatMap(([digits, codes]) => codes.split(" ").map((currency): [string, number] => [currency, digits])),
);

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(
  currency: string,
  locale: string | undefined,
  options: Intl.NumberFormatOptions,
): Intl.NumberFormat {
  const key = `${locale ?? ""} ${currency} ${options.notation ?? ""}`;
  let format = formats.get(key);
  if (!format) {
    try {
      format = new Intl.NumberFormat(locale, { style: "currency", currency, ...options });
    } catch {
      format = new Intl.NumberFormat(locale, options);
    }
    formats.set(key, format);
  }
  return format;
}

/** How many digits stand behind the point: 2 for USD, 0 for JPY, 3 for KWD. */
export function digitsOf(currency: string): number {
  return DIGITS.get(currency) ?? 2;
}

/** Minor units as the currency's own unit. */
function majorOf(minor: number, currency: string): number {
  return minor / 10 ** digitsOf(currency);
}

/** 129900, USD → $1,299.00 in the reader's own way of writing. */
export function formatMoney(minor: number, currency: string, locale?: string): string {
  const digits = digitsOf(currency);
  const exact = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return formatOf(currency, locale, exact).format(majorOf(minor, currency));
}

/** "1,299.50" and "1299,5" with a point before the cents; null where a comma may mean either. */
function pointed(text: string, digits: number): string | null {
  const plain = text.trim().replace(/[\s'’]/g, "");
  if (!plain.includes(",")) return plain;
  // Where three digits are cents, "1,234" may be a thousand or one.
  const isGrouped = /^-?\d{1,3}(,\d{3})+(\.\d*)?$/.test(plain);
  if (isGrouped) return digits === 3 && /^-?\d+,\d+$/.test(plain) ? null : plain.replaceAll(",", "");
  const hasCents = /^-?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}$/.test(plain);
  return hasCents ? plain.replaceAll(".", "").replace(",", ".") : null;
}

/** "1,299.50" or "1.299,50" → 129950; null where it is not an amount of this currency. */
export function parseMoney(text: string, currency: string): number | null {
  const digits = digitsOf(currency);
  const match = /^(-?)(\d{1,13})(?:\.(\d*))?$/.exec(pointed(text, digits) ?? "");
  if (!match) return null;
  const [, sign = "", whole = "", fraction = ""] = match;
  if (fraction.length > digits) return null;
  const minor = Number(whole + fraction.padEnd(digits, "0"));
  return sign ? -minor : minor;
}

/** 129950 → "1299.50", as an input wants it. */
export function plainMoney(minor: number, currency: string): string {
  return majorOf(minor, currency).toFixed(digitsOf(currency));
}

/** 129900, USD → $1.3K: for the edge of a chart. */
export function formatMoneyBriefly(minor: number, currency: string, locale?: string): string {
  const brief = { notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 } as const;
  return formatOf(currency, locale, brief).format(majorOf(minor, currency));
}
