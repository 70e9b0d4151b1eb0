/** A row of a list that stays where it is while somebody points at the list. */
export interface SteadyRow<Row> {
  key: string;
  row: Row;
  /** It has left the list meanwhile: its place stays, and nothing in it can be pressed. */
  gone: boolean;
}

/** A list as it is. */
export function rowsOf<Row>(rows: readonly Row[], keyOf: (row: Row) => string): SteadyRow<Row>[] {
  return rows.map((row) => ({ key: keyOf(row), row, gone: false }));
}

/**
 * A list as it may be shown while somebody points at it: what was shown keeps its place, what is new waits,
 * unless it comes behind everything that is shown and so moves nothing.
 */
export function steadyRows<Row>(
  shown: readonly SteadyRow<Row>[],
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): SteadyRow<Row>[] {
  const now = new Map(rows.map((row) => [keyOf(row), row]));
  const known = new Set(shown.map(({ key }) => key));
  const held = shown.map(({ key, row }) => {
    const current = now.get(key);
    return { key, row: current ?? row, gone: current === undefined };
  });
  const behind = rows.findLastIndex((row) => known.has(keyOf(row))) + 1;
  // Where all shown rows have left, nothing says what comes behind them.
  return behind === 0 && shown.length ? held : [...held, ...rowsOf(rows.slice(behind), keyOf)];
}
