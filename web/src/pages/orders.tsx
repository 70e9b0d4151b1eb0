import { useQuery } from "@tanstack/react-query";
import { ChevronRight, Package } from "lucide-react";
import { Link, useLocation, useSearchParams } from "react-router";
import type { Order } from "@/api/types";
import { Page } from "@/components/layout/page";
import { Button, ButtonLink } from "@/components/ui/button";
import { Select } from "@/components/ui/field";
import { Pager } from "@/components/ui/pager";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { PageHeader, Skeleton } from "@/components/ui/surfaces";
import { Money, Time } from "@/components/ui/values";
import { SignedIn } from "@/features/auth/guards";
import { LinePicture } from "@/features/catalog/line-picture";
import { lineTitle } from "@/features/catalog/options";
import { unitsOf } from "@/features/orders/board";
import { ordersPage } from "@/features/orders/queries";
import { OrderStatusBadge, statusLabel } from "@/features/orders/status";
import { STATUS_NAMES } from "@/features/orders/statuses";
import { cn } from "@/lib/cn";
import { counted } from "@/lib/count";
import { FIRST_PAGE, type Trail } from "@/lib/paging";

export function Component() {
  return (
    <SignedIn>
      <Orders />
    </SignedIn>
  );
}

function Orders() {
  const [params, setParams] = useSearchParams();
  const trail = (useLocation().state as { trail?: Trail } | null)?.trail ?? FIRST_PAGE;
  const status = STATUS_NAMES.find((each) => each === params.get("status"));
  const page = useQuery(ordersPage(status, trail.token));
  return (
    <Page title="Your orders">
      <PageHeader
        title="Your orders"
        actions={
          <Select
            aria-label="Status"
            value={status ?? ""}
            onChange={(event) => setParams(event.target.value ? { status: event.target.value } : {})}
          >
            <option value="">All orders</option>
            {STATUS_NAMES.map((each) => (
              <option key={each} value={each}>
                {statusLabel(each)}
              </option>
            ))}
          </Select>
        }
      />
      {page.isPending ? (
        <div className="flex flex-col gap-3">
          {[1, 2, 3, 4].map((each) => (
            <Skeleton key={each} className="h-26 rounded-2xl" />
          ))}
        </div>
      ) : page.isError && !page.data ? (
        <ErrorState error={page.error} onRetry={() => page.refetch()} />
      ) : page.data?.items.length === 0 ? (
        status ? (
          <EmptyState
            icon={Package}
            title={`No order is ${statusLabel(status).toLowerCase()}`}
            action={
              <Button variant="secondary" onClick={() => setParams({})}>
                Show all orders
              </Button>
            }
          />
        ) : (
          <EmptyState
            icon={Package}
            title="You have not ordered yet"
            action={<ButtonLink to="/products">Browse the shop</ButtonLink>}
          >
            Your orders are listed here, with every step until delivery.
          </EmptyState>
        )
      ) : (
        <ul className={cn("flex flex-col gap-3 transition-opacity", page.isPlaceholderData && "opacity-55")}>
          {page.data?.items.map((order) => (
            <OrderCard key={order.id} order={order} />
          ))}
        </ul>
      )}
      <Pager
        trail={trail}
        nextToken={page.data?.nextToken}
        busy={page.isPlaceholderData}
        onChange={(next) => setParams((now) => now, { state: { trail: next } })}
      />
    </Page>
  );
}

const PICTURES = 3;

function OrderCard({ order }: { order: Order }) {
  const [first] = order.items;
  const more = order.items.length - 1;
  return (
    <li className="relative flex items-center gap-4 rounded-2xl border bg-surface p-4 shadow-card transition-shadow hover:shadow-lifted sm:gap-6 sm:p-5">
      <div aria-hidden className="flex shrink-0 sm:w-32 sm:-space-x-8 max-sm:[&>*:nth-child(n+2)]:hidden">
        {order.items.slice(0, PICTURES).map((line, index) => (
          <LinePicture
            key={`${line.sku} ${String(index)}`}
            line={line}
            className="size-14 rounded-xl border-2 border-surface sm:size-16"
          />
        ))}
      </div>
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">
          <Link
            to={`/orders/${encodeURIComponent(order.id)}`}
            className="rounded after:absolute after:inset-0 after:rounded-2xl"
          >
            {first && lineTitle(first)}
            {more > 0 && ` and ${more} more`}
          </Link>
        </p>
        <p className="mt-0.5 truncate text-muted text-sm">
          {order.number} · {counted(unitsOf(order), "unit")} · <Time value={order.createdAt} />
        </p>
        <div className="mt-2 flex items-center gap-3 sm:hidden">
          <OrderStatusBadge status={order.status} />
          <Money minor={order.totalAmount} currency={order.currency} className="text-sm" />
        </div>
      </div>
      <div className="hidden w-28 sm:block">
        <OrderStatusBadge status={order.status} />
      </div>
      <Money
        minor={order.totalAmount}
        currency={order.currency}
        className="hidden w-28 text-right font-medium sm:block"
      />
      <ChevronRight aria-hidden className="size-5 shrink-0 text-muted" />
    </li>
  );
}
