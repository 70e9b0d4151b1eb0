import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { CircleCheck, PackageCheck, Truck } from "lucide-react";
import { Link } from "react-router";
import { api, dataOf } from "@/api/client";
import type { Order, OrderStatus } from "@/api/types";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { Pager } from "@/components/ui/pager";
import { SearchField } from "@/components/ui/search-field";
import { Segmented } from "@/components/ui/segmented";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Card, PageHeader, Skeleton } from "@/components/ui/surfaces";
import { type Column, DataTable } from "@/components/ui/table";
import { Money, Time } from "@/components/ui/values";
import { LineOptions } from "@/features/catalog/line-options";
import { lineTitle } from "@/features/catalog/options";
import { CSV, ExportButton } from "@/features/operations/export-button";
import { nextStep, unitsOf } from "@/features/orders/board";
import { OrderStatusBadge } from "@/features/orders/status";
import { STATUS_NAMES, STATUSES } from "@/features/orders/statuses";
import { BOARD, UNANSWERED, useOrderStep } from "@/features/orders/steps";
import { LOOK_AGAIN_MS } from "@/features/stock/queries";
import { cn } from "@/lib/cn";
import { formatCount } from "@/lib/count";
import { once } from "@/lib/one-click";
import { useList, useTyped } from "@/lib/use-list";
import { useMedia } from "@/lib/use-media";
import { GONE, SteadyGroup, useSteady } from "@/lib/use-steady";

type View = "open" | OrderStatus;
type Desk<Kind> = Extract<(typeof STATUSES)[OrderStatus]["desk"], { kind: Kind }>;

const COLUMNS: ({ status: OrderStatus } & Desk<"column">)[] = STATUS_NAMES.flatMap((status) => {
  const { desk } = STATUSES[status];
  return desk.kind === "column" ? [{ status, ...desk }] : [];
});
const LISTS: ({ status: OrderStatus } & Desk<"list">)[] = STATUS_NAMES.flatMap((status) => {
  const { desk } = STATUSES[status];
  return desk.kind === "list" ? [{ status, ...desk }] : [];
});
const VIEWS: { value: View; label: string }[] = [
  { value: "open", label: "To do" },
  ...LISTS.map(({ status }) => ({ value: status, label: STATUSES[status].label })),
];

/** Every order by its status; what waits is worked off from left to right. */
export default function Orders() {
  const { params, trail, set, go } = useList();
  const list = LISTS.find(({ status }) => status === params.get("view"));
  const view: View = list?.status ?? "open";
  const search = params.get("q") ?? "";
  const [typed, setTyped] = useTyped(search, (q) => set({ q }, true));
  return (
    <Page title="Orders">
      <PageHeader
        title="Orders"
        description="Pack confirmed orders, and deliver packed ones."
        // The export knows one status, and what is to do has three: there it is everything.
        actions={
          <ExportButton
            name="orders"
            filter={{ status: list?.status }}
            get={(query) => api.GET("/orders/export", { params: { query }, ...CSV })}
          />
        }
      />
      <div className="mb-6 flex flex-wrap gap-3">
        <Segmented<View>
          label="Which orders"
          value={view}
          onChange={(next) => set({ view: next === "open" ? undefined : next, q: undefined })}
          segments={VIEWS}
          className="sm:w-96"
        />
        <SearchField
          label="Find an order"
          placeholder="Number or customer's email"
          value={typed}
          onChange={setTyped}
          className="w-full sm:ml-auto sm:w-72"
        />
      </div>
      {search ? (
        <OrderList key={search} search={search} {...FOUND} trail={trail} go={go} />
      ) : list ? (
        <OrderList key={view} {...list} trail={trail} go={go} />
      ) : (
        <OpenOrders />
      )}
    </Page>
  );
}

function OpenOrders() {
  const columns = COLUMNS.map((column) => <BoardColumn key={column.status} {...column} />);
  const layout = "grid items-start gap-6 xl:grid-cols-3 xl:gap-5";
  // Side by side no column moves another; one above the other, all of them wait.
  return useMedia("(min-width: 80rem)") ? (
    <div className={layout}>{columns}</div>
  ) : (
    <SteadyGroup className={layout}>{columns}</SteadyGroup>
  );
}

function BoardColumn({ status, title, empty }: (typeof COLUMNS)[number]) {
  const found = useInfiniteQuery({
    queryKey: [...BOARD, status],
    queryFn: ({ signal, pageParam }) =>
      dataOf(
        api.GET("/orders", {
          params: { query: { scope: "all", status, limit: 20, nextToken: pageParam } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextToken,
    refetchInterval: LOOK_AGAIN_MS,
  });
  const orders = ordersOf(found.data);
  const { shown, handlers } = useSteady(orders, idOf, status);
  const more = found.hasNextPage ? "+" : "";
  return (
    <section aria-label={title} className="rounded-2xl bg-sunken/70 p-2" {...handlers}>
      <h2 className="flex items-center justify-between px-2 pt-1.5 pb-3 font-semibold text-sm">
        {title}
        <span className="rounded-full bg-surface px-2 py-0.5 font-medium text-muted text-xs tabular-nums">
          {orders ? `${formatCount(orders.length)}${more}` : "…"}
        </span>
      </h2>
      {found.isError && !shown ? (
        <ErrorState error={found.error} onRetry={() => found.refetch()} className="py-8" />
      ) : !shown ? (
        <div className="flex flex-col gap-2">
          <Skeleton className="h-36 rounded-xl" />
          <Skeleton className="h-36 rounded-xl" />
        </div>
      ) : shown.length === 0 ? (
        <p className="flex items-center gap-2 px-2 pt-2 pb-5 text-muted text-sm">
          <CircleCheck aria-hidden className="size-4 shrink-0" /> {empty}
        </p>
      ) : (
        <ul className="flex flex-col gap-2">
          {shown.map(({ key, row, gone }) => (
            <li key={key} {...(gone && GONE)} className={cn("rounded-xl", gone && "opacity-50")}>
              <div inert={gone}>
                <OrderCard order={row} movedOn={gone} />
              </div>
            </li>
          ))}
        </ul>
      )}
      {found.hasNextPage && (
        <Button
          variant="ghost"
          size="sm"
          className="mt-2 w-full"
          busy={found.isFetchingNextPage}
          onClick={() => found.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </section>
  );
}

const idOf = (order: Order) => order.id;

function ordersOf(data: InfiniteData<{ items: Order[] }> | undefined): Order[] | undefined {
  return data?.pages.flatMap((page) => page.items);
}

const LINES_SHOWN = 3;

function OrderCard({ order, movedOn = false }: { order: Order; movedOn?: boolean }) {
  const rest = order.items.length - LINES_SHOWN;
  return (
    <Card className="relative rounded-xl p-4 transition-shadow hover:shadow-lifted">
      <div className="flex items-baseline justify-between gap-3">
        <Link
          to={`/admin/orders/${encodeURIComponent(order.id)}`}
          className="rounded font-semibold after:absolute after:inset-0 after:rounded-xl hover:underline"
        >
          {order.number}
        </Link>
        <Time value={order.createdAt} className="text-muted text-xs" />
      </div>
      <p className="truncate text-muted text-sm">{order.userEmail}</p>
      <ul className="mt-3 flex flex-col gap-1 text-sm">
        {order.items.slice(0, LINES_SHOWN).map((line) => (
          <li key={`${line.sku} ${JSON.stringify(line.options)}`} className="flex gap-2">
            <span className="w-7 shrink-0 text-right text-muted tabular-nums">
              {formatCount(line.quantity)} ×
            </span>
            <span className="min-w-0">
              <span className="block truncate">{line.name}</span>
              <LineOptions options={line.options} />
            </span>
          </li>
        ))}
        {rest > 0 && <li className="pl-9 text-muted">and {formatCount(rest)} more</li>}
      </ul>
      <div className="mt-4 flex items-center justify-between gap-3">
        <Money minor={order.totalAmount} currency={order.currency} className="font-medium" />
        {movedOn ? (
          <span className="inline-flex h-8 items-center gap-1.5 text-muted text-sm">
            <CircleCheck aria-hidden className="size-4" /> Moved on
          </span>
        ) : (
          <NextStepButton order={order} />
        )}
      </div>
    </Card>
  );
}

function NextStepButton({ order }: { order: Order }) {
  const step = useOrderStep();
  const to = nextStep(order);
  if (!to) return null;
  const packs = to === "PACKED";
  return (
    <Button
      size="sm"
      variant={order.status === "PENDING" ? "secondary" : "primary"}
      className="relative"
      aria-label={`${packs ? "Pack" : "Deliver"} ${order.number}`}
      busy={step.isPending || order.version === UNANSWERED}
      onClick={once(() => step.mutate({ order, to }))}
    >
      {packs ? <PackageCheck aria-hidden className="size-4" /> : <Truck aria-hidden className="size-4" />}
      {packs ? "Pack" : "Deliver"}
    </Button>
  );
}

const ORDER_COLUMNS: Column<Order>[] = [
  {
    id: "order",
    header: "Order",
    meta: { card: "title" },
    cell: ({ row: { original: order } }) => (
      <Link
        to={`/admin/orders/${encodeURIComponent(order.id)}`}
        className="rounded font-medium hover:underline"
      >
        {order.number}
      </Link>
    ),
  },
  { id: "customer", header: "Customer", cell: ({ row }) => row.original.userEmail },
  {
    id: "what",
    header: "What",
    meta: { card: "hidden" },
    cell: ({ row: { original: order } }) => {
      const [first, ...others] = order.items;
      return `${first ? lineTitle(first) : ""}${others.length ? ` and ${String(others.length)} more` : ""}`;
    },
  },
  {
    id: "units",
    header: "Units",
    meta: { align: "right" },
    cell: ({ row }) => formatCount(unitsOf(row.original)),
  },
  {
    id: "total",
    header: "Total",
    meta: { align: "right" },
    cell: ({ row: { original: order } }) => <Money minor={order.totalAmount} currency={order.currency} />,
  },
  { id: "placed", header: "Placed", cell: ({ row }) => <Time value={row.original.createdAt} /> },
  { id: "status", header: "Status", cell: ({ row }) => <OrderStatusBadge status={row.original.status} /> },
];

const FOUND = {
  title: "Orders found",
  emptyTitle: "No such order",
  empty: "Type a whole order number, such as 6QF4M-8K2TB, or a customer's whole email address.",
};

/** The orders in one status, or those that a search finds. */
function OrderList({
  status,
  search,
  title,
  emptyTitle,
  empty,
  trail,
  go,
}: typeof FOUND & { status?: OrderStatus; search?: string } & Pick<
    ReturnType<typeof useList>,
    "trail" | "go"
  >) {
  const page = useQuery({
    queryKey: ["admin", "orders", "page", status, search, trail.token],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET("/orders", {
          params: { query: { scope: "all", status, search, limit: 25, nextToken: trail.token } },
          signal,
        }),
      ),
    placeholderData: (before) => before,
  });
  if (page.isError && !page.data) return <ErrorState error={page.error} onRetry={() => page.refetch()} />;
  return (
    <div className={cn("transition-opacity", page.isPlaceholderData && "opacity-55")}>
      <DataTable
        caption={title}
        columns={ORDER_COLUMNS}
        rows={page.data?.items}
        rowKey={idOf}
        loading={page.isPending}
        current={!page.isPlaceholderData}
        empty={
          <EmptyState icon={PackageCheck} title={emptyTitle}>
            {empty}
          </EmptyState>
        }
      />
      <Pager trail={trail} nextToken={page.data?.nextToken} busy={page.isPlaceholderData} onChange={go} />
    </div>
  );
}
