import { useQuery } from "@tanstack/react-query";
import { Printer } from "lucide-react";
import { useParams } from "react-router";
import { Page } from "@/components/layout/page";
import { BackLink } from "@/components/ui/back-link";
import { Button } from "@/components/ui/button";
import { ErrorState } from "@/components/ui/states";
import { PageHeader, Skeleton } from "@/components/ui/surfaces";
import { count, countSheet } from "@/features/counts/queries";
import { countName } from "@/features/counts/status";
import { useLocations } from "@/features/stock/locations";
import { formatCount } from "@/lib/count";

/** What is to be counted, on paper: without what the books say, so that nobody writes down what is expected. */
export default function CountSheet() {
  const { id = "" } = useParams();
  const session = useQuery(count(id));
  const sheet = useQuery(countSheet(id));
  const { nameOf } = useLocations();
  const title = session.data ? countName(session.data) : "Count sheet";
  return (
    <Page title={`Count sheet: ${title}`}>
      <div className="print:hidden">
        <BackLink to={`/admin/counts/${encodeURIComponent(id)}`}>Count</BackLink>
      </div>
      <PageHeader
        title={title}
        description={
          session.data &&
          `${nameOf(session.data.location)} · ${formatCount(sheet.data?.length ?? 0)} products`
        }
        actions={
          <Button onClick={() => window.print()} disabled={!sheet.data}>
            <Printer aria-hidden className="size-4" /> Print
          </Button>
        }
      />
      {sheet.isError ? (
        <ErrorState error={sheet.error} onRetry={() => sheet.refetch()} />
      ) : !sheet.data ? (
        <Skeleton className="h-96 rounded-2xl" />
      ) : (
        <table className="w-full text-sm">
          <caption className="sr-only">Products to count</caption>
          <thead>
            <tr className="border-b text-left text-muted">
              <th scope="col" className="py-2 pr-4 font-medium">
                SKU
              </th>
              <th scope="col" className="w-full py-2 pr-4 font-medium">
                Product
              </th>
              <th scope="col" className="min-w-24 py-2 font-medium">
                Counted
              </th>
            </tr>
          </thead>
          <tbody>
            {sheet.data.map((row) => (
              <tr key={`${row.productId} ${row.sku}`} className="break-inside-avoid border-b">
                <td className="whitespace-nowrap py-2.5 pr-4 font-mono text-xs">{row.sku}</td>
                <td className="py-2.5 pr-4">{row.name}</td>
                <td className="py-2.5 tabular-nums">{row.counted ?? ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Page>
  );
}
