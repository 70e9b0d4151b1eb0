const format = new Intl.NumberFormat();

/** 12345 → "12,345", in the reader's own way of writing. */
export function formatCount(count: number): string {
  return format.format(count);
}

/** "1 unit", "12,345 units". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
