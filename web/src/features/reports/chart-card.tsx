import { lazy, type ReactNode, Suspense, useId } from "react";
import { Card, Skeleton } from "@/components/ui/surfaces";
import type { BarsRow, BarsSeries } from "./bars";
import { dayName } from "./series";

/** The charts' code is large: it comes when the first chart is shown. */
const Bars = lazy(() => import("./bars"));

/** A chart with its words: what it shows in a sentence, its colours named, its numbers as a table. */
export function ChartCard({
  title,
  sentence,
  controls,
  rows,
  series,
  show,
  weekly,
  failed,
}: {
  title: string;
  sentence: string | undefined;
  controls?: ReactNode;
  rows: BarsRow[] | undefined;
  series: BarsSeries[];
  show: (value: number, brief?: boolean) => string;
  weekly: boolean;
  /** In place of the chart. */
  failed?: ReactNode;
}) {
  const id = useId();
  return (
    <Card className="flex min-w-0 flex-col p-4 sm:p-6">
      <section aria-labelledby={id} className="flex flex-1 flex-col">
        <div className="flex flex-wrap items-start justify-between gap-3">
          <div className="min-w-0">
            <h2 id={id} className="font-semibold text-lg">
              {title}
            </h2>
            <p className="min-h-6 text-muted text-sm">{sentence}</p>
          </div>
          {controls && <div className="flex flex-wrap gap-2">{controls}</div>}
        </div>
        {series.length > 1 && (
          <ul className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-sm">
            {series.map((each) => (
              <li key={each.key} className="flex items-center gap-2">
                <svg aria-hidden viewBox="0 0 12 12" className="size-3">
                  <rect width="12" height="12" rx="3" fill={each.color} />
                </svg>
                {each.label}
              </li>
            ))}
          </ul>
        )}
        {failed ?? (
          <>
            <div aria-hidden className="mt-4 h-64 min-h-64 w-full flex-1">
              {rows ? (
                <Suspense fallback={<Skeleton className="h-full" />}>
                  <Bars rows={rows} series={series} show={show} weekly={weekly} />
                </Suspense>
              ) : (
                <Skeleton className="h-full" />
              )}
            </div>
            <ChartTable title={title} rows={rows ?? []} series={series} show={show} weekly={weekly} />
          </>
        )}
      </section>
    </Card>
  );
}

function ChartTable({
  title,
  rows,
  series,
  show,
  weekly,
}: {
  title: string;
  rows: BarsRow[];
  series: BarsSeries[];
  show: (value: number) => string;
  weekly: boolean;
}) {
  return (
    <details className="mt-3 text-sm">
      <summary className="w-fit rounded py-1 text-muted hover:text-ink">As a table</summary>
      <div className="mt-2 overflow-hidden rounded-xl border">
        <table className="w-full text-left tabular-nums">
          <caption className="sr-only">{title}</caption>
          <thead className="bg-sunken text-muted">
            <tr>
              <th scope="col" className="px-3 py-2 font-medium">
                {weekly ? "Week of" : "Day"}
              </th>
              {series.map((each) => (
                <th key={each.key} scope="col" className="px-3 py-2 text-right font-medium">
                  {each.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y">
            {rows.map((row) => (
              <tr key={row.date}>
                <th scope="row" className="px-3 py-1.5 font-normal">
                  {dayName(row.date)}
                </th>
                {series.map((each) => (
                  <td key={each.key} className="px-3 py-1.5 text-right">
                    {show(Number(row[each.key as keyof BarsRow] ?? 0))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
