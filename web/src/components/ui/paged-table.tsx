import type { UseQueryResult } from "@tanstack/react-query";
import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";
import type { Trail } from "@/lib/paging";
import { Pager } from "./pager";
import { ErrorState } from "./states";
import { DataTable } from "./table";

/** A table of one page of a list, with the way to the others. What is shown fades while another is fetched. */
export function PagedTable<Row>({
  page,
  trail,
  onPage,
  ...table
}: {
  page: UseQueryResult<{ items: Row[]; nextToken?: string | null }>;
  trail: Trail;
  onPage: (trail: Trail) => void;
} & Omit<ComponentProps<typeof DataTable<Row>>, "rows" | "loading" | "current">) {
  return (
    <>
      {page.isError && !page.data ? (
        <ErrorState error={page.error} onRetry={() => page.refetch()} />
      ) : (
        <div className={cn("transition-opacity", page.isPlaceholderData && "opacity-55")}>
          <DataTable
            {...table}
            rows={page.data?.items}
            loading={page.isPending}
            current={!page.isPlaceholderData}
          />
        </div>
      )}
      <Pager trail={trail} nextToken={page.data?.nextToken} busy={page.isPlaceholderData} onChange={onPage} />
    </>
  );
}
