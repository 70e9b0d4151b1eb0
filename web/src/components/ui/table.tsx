import {
  type ColumnDef,
  flexRender,
  getCoreRowModel,
  getSortedRowModel,
  type RowData,
  type SortingState,
  useReactTable,
} from "@tanstack/react-table";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useState } from "react";
import { cn } from "@/lib/cn";
import { Skeleton } from "./surfaces";

declare module "@tanstack/react-table" {
  interface ColumnMeta<TData extends RowData, TValue> {
    align?: "right";
    /** On a phone: the head of the card; the foot (buttons); or not shown. Others are lines with their label. */
    card?: "title" | "actions" | "hidden";
  }
}

export type Column<Row> = ColumnDef<Row, unknown>;

/** A table; on a phone each row is a card. Sorting is of the rows shown, where a column allows it. */
export function DataTable<Row>({
  caption,
  columns,
  rows,
  rowKey,
  loading = false,
  empty,
  onRow,
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
}) {
  const [sorting, setSorting] = useState<SortingState>([]);
  const table = useReactTable({
    data: rows ?? EMPTY,
    columns: columns as Column<Row>[],
    getRowId: rowKey,
    state: { sorting },
    onSortingChange: setSorting,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
    defaultColumn: { enableSorting: false },
  });
  if (!loading && rows?.length === 0 && empty) return <>{empty}</>;
  const shown = table.getRowModel().rows;
  return (
    <>
      <div className="relative hidden overflow-x-auto rounded-2xl border bg-surface shadow-card md:block">
        <table className="w-full text-left text-sm">
          <caption className="sr-only">{caption}</caption>
          <thead className="border-b bg-sunken/60 text-muted">
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id}>
                {group.headers.map((header) => {
                  const sorted = header.column.getIsSorted();
                  const label = flexRender(header.column.columnDef.header, header.getContext());
                  return (
                    <th
                      key={header.id}
                      scope="col"
                      aria-sort={sorted ? (sorted === "asc" ? "ascending" : "descending") : undefined}
                      className={cn(
                        "h-11 whitespace-nowrap px-3 font-medium first:pl-4 last:pr-4 xl:px-4",
                        header.column.columnDef.meta?.align === "right" && "text-right",
                      )}
                    >
                      {header.column.getCanSort() ? (
                        <button
                          type="button"
                          onClick={header.column.getToggleSortingHandler()}
                          className="inline-flex items-center gap-1 rounded hover:text-ink"
                        >
                          {label}
                          {sorted === "asc" && <ArrowUp aria-hidden className="size-3.5" />}
                          {sorted === "desc" && <ArrowDown aria-hidden className="size-3.5" />}
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
                    className={cn("transition-colors", onRow && "cursor-pointer hover:bg-sunken/60")}
                    onClick={onRow && (() => onRow(row.original))}
                  >
                    {row.getVisibleCells().map((cell) => (
                      <td
                        key={cell.id}
                        className={cn(
                          "px-3 py-3 first:pl-4 last:pr-4 xl:px-4",
                          cell.column.columnDef.meta?.align === "right" && "text-right tabular-nums",
                        )}
                      >
                        {flexRender(cell.column.columnDef.cell, cell.getContext())}
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
                onClick={onRow && (() => onRow(row.original))}
                className="rounded-2xl border bg-surface p-4 text-sm shadow-card"
              >
                {row.getVisibleCells().map((cell) => {
                  const { meta, header, cell: render } = cell.column.columnDef;
                  const value = flexRender(render, cell.getContext());
                  if (meta?.card === "hidden") return null;
                  if (meta?.card === "title")
                    return (
                      <div key={cell.id} className="mb-2 font-medium text-base">
                        {value}
                      </div>
                    );
                  if (meta?.card === "actions")
                    return (
                      <div key={cell.id} className="mt-3 flex flex-wrap gap-2 border-t pt-3">
                        {value}
                      </div>
                    );
                  return (
                    <div key={cell.id} className="flex items-center justify-between gap-4 py-1">
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
    </>
  );
}

const EMPTY: never[] = [];
