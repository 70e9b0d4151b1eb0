import { type ColumnDef, getCoreRowModel, type RowData, useReactTable } from "@tanstack/react-table";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { useLocation } from "react-router";
import { cn } from "@/lib/cn";
import { GONE, useSteady } from "@/lib/use-steady";
import { Skeleton } from "./surfaces";

declare module "@tanstack/react-table" {
  interface ColumnMeta<TData extends RowData, TValue> {
    align?: "right";
    /** On a phone: the head of the card; the foot (buttons); or not shown. Others are lines with their label. */
    card?: "title" | "actions" | "hidden";
    /** What the server is asked for to sort the whole list by this column. */
    sort?: { ascending: string; descending: string };
  }
}

export type Column<Row> = ColumnDef<Row, unknown>;

/** The order of a whole list, which the server sorts; `null` is its own order. */
export interface ListSort {
  value: string | null;
  onChange: (value: string | null) => void;
}

type Part<Context> = string | ((context: Context) => ReactNode) | undefined;

/**
 * What a column shows in a cell or as its heading. It is called, not mounted as a component: columns that a
 * page makes again with each render would otherwise replace every cell, and take the focus with them.
 */
function render<Context>(part: Part<Context>, context: Context): ReactNode {
  return typeof part === "function" ? part(context) : part;
}

/** A table; on a phone each row is a card. Only the server sorts, since the rows here are one page of many. */
export function DataTable<Row>({
  caption,
  columns,
  rows,
  rowKey,
  loading = false,
  empty,
  onRow,
  sort,
  current,
}: {
  /** Read to those who cannot see it. */
  caption: string;
  columns: Column<Row>[];
  rows: Row[] | undefined;
  rowKey: (row: Row) => string;
  loading?: boolean;
  /** In place of a table without rows. */
  empty?: ReactNode;
  onRow?: (row: Row) => void;
  sort?: ListSort | undefined;
  /** False while the rows are still those of the list before. */
  current?: boolean;
}) {
  const { key } = useLocation();
  const { shown: steady, handlers } = useSteady(rows, rowKey, key, current);
  const data = useMemo(() => steady?.map(({ row }) => row) ?? EMPTY, [steady]);
  const table = useReactTable({
    data,
    columns: columns as Column<Row>[],
    getRowId: rowKey,
    getCoreRowModel: getCoreRowModel(),
    enableSorting: false,
  });
  if (!loading && steady?.length === 0 && empty) return <>{empty}</>;
  const gone = new Set(steady?.flatMap((each) => (each.gone ? each.key : [])));
  const shown = table.getRowModel().rows;
  return (
    <div {...handlers}>
      <div className="relative hidden overflow-x-auto rounded-2xl border bg-surface shadow-card md:block">
        <table className="w-full text-left text-sm">
          <caption className="sr-only">{caption}</caption>
          <thead className="border-b bg-sunken/60 text-muted">
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id}>
                {group.headers.map((header) => {
                  const { header: heading, meta } = header.column.columnDef;
                  const label = render(heading as Part<unknown>, header.getContext());
                  const sorted = sort && meta?.sort && directionOf(meta.sort, sort.value);
                  return (
                    <th
                      key={header.id}
                      scope="col"
                      aria-sort={sorted}
                      className={cn(
                        "h-11 whitespace-nowrap px-3 font-medium first:pl-4 last:pr-4 xl:px-4",
                        meta?.align === "right" && "text-right",
                      )}
                    >
                      {sort && meta?.sort ? (
                        <button
                          type="button"
                          onClick={() => meta.sort && sort.onChange(nextSort(meta.sort, sort.value))}
                          className="inline-flex items-center gap-1 rounded hover:text-ink"
                        >
                          {label}
                          {sorted === "ascending" && <ArrowUp aria-hidden className="size-3.5" />}
                          {sorted === "descending" && <ArrowDown aria-hidden className="size-3.5" />}
                        </button>
                      ) : (
                        label
                      )}
                    </th>
                  );
                })}
              </tr>
            ))}
          </thead>
          <tbody className="divide-y">
            {loading
              ? Array.from({ length: 6 }, (_, row) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: rows that stand for nothing
                  <tr key={row}>
                    {columns.map((column, index) => (
                      <td key={column.id ?? index} className="h-14 px-3 first:pl-4 last:pr-4 xl:px-4">
                        <Skeleton className="h-4 w-3/4" />
                      </td>
                    ))}
                  </tr>
                ))
              : shown.map((row) => (
                  <tr
                    key={row.id}
                    {...(gone.has(row.id) && GONE)}
                    className={cn(
                      "transition-colors",
                      onRow && "cursor-pointer hover:bg-sunken/60",
                      gone.has(row.id) && "opacity-50 outline-none",
                    )}
                    onClick={onRow && (() => onRow(row.original))}
                  >
                    {row.getVisibleCells().map((cell) => (
                      <td
                        key={cell.id}
                        inert={gone.has(row.id)}
                        className={cn(
                          "px-3 py-3 first:pl-4 last:pr-4 xl:px-4",
                          cell.column.columnDef.meta?.align === "right" && "text-right tabular-nums",
                        )}
                      >
                        {render(cell.column.columnDef.cell as Part<unknown>, cell.getContext())}
                      </td>
                    ))}
                  </tr>
                ))}
          </tbody>
        </table>
      </div>
      <ul aria-label={caption} className="flex flex-col gap-3 md:hidden">
        {loading
          ? [1, 2, 3].map((row) => (
              <li key={row}>
                <Skeleton className="h-32 rounded-2xl" />
              </li>
            ))
          : shown.map((row) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: a larger target; the title holds a link or button
              <li
                key={row.id}
                {...(gone.has(row.id) && GONE)}
                onClick={onRow && (() => onRow(row.original))}
                className={cn(
                  "rounded-2xl border bg-surface p-4 text-sm shadow-card",
                  gone.has(row.id) && "opacity-50 outline-none",
                )}
              >
                {row.getVisibleCells().map((cell) => {
                  const { meta, header, cell: content } = cell.column.columnDef;
                  const value = render(content as Part<unknown>, cell.getContext());
                  if (meta?.card === "hidden") return null;
                  if (meta?.card === "title")
                    return (
                      <div key={cell.id} inert={gone.has(row.id)} className="mb-2 font-medium text-base">
                        {value}
                      </div>
                    );
                  if (meta?.card === "actions")
                    return (
                      <div
                        key={cell.id}
                        inert={gone.has(row.id)}
                        className="mt-3 flex flex-wrap gap-2 border-t pt-3"
                      >
                        {value}
                      </div>
                    );
                  return (
                    <div
                      key={cell.id}
                      inert={gone.has(row.id)}
                      className="flex items-center justify-between gap-4 py-1"
                    >
                      <span className="text-muted">
                        {typeof header === "string" ? header : cell.column.id}
                      </span>
                      <span className="min-w-0 text-right">{value}</span>
                    </div>
                  );
                })}
              </li>
            ))}
      </ul>
    </div>
  );
}

const EMPTY: never[] = [];

type Sorts = { ascending: string; descending: string };

function directionOf(sorts: Sorts, value: string | null): "ascending" | "descending" | undefined {
  if (value === sorts.ascending) return "ascending";
  return value === sorts.descending ? "descending" : undefined;
}

/** Up, then down, then the list's own order again. */
export function nextSort(sorts: Sorts, value: string | null): string | null {
  if (value === sorts.ascending) return sorts.descending;
  return value === sorts.descending ? null : sorts.ascending;
}
