import { useQuery } from "@tanstack/react-query";
import { PackageCheck, PackageX, Truck, Undo2 } from "lucide-react";
import { useState } from "react";
import { useParams } from "react-router";
import { isApiError } from "@/api/errors";
import type { Order } from "@/api/types";
import { Page } from "@/components/layout/page";
import { BackLink } from "@/components/ui/back-link";
import { Button, ButtonLink } from "@/components/ui/button";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Card, Skeleton } from "@/components/ui/surfaces";
import { Time } from "@/components/ui/values";
import { nextStep, returnable } from "@/features/orders/board";
import { CancelOrderDialog } from "@/features/orders/cancel-dialog";
import { OrderDetails, OrderLines, OrderProgress, OrderTimeline } from "@/features/orders/parts";
import { order as orderQuery } from "@/features/orders/queries";
import { ReturnDialog } from "@/features/orders/return-dialog";
import { OrderStatusBadge } from "@/features/orders/status";
import { STATUSES } from "@/features/orders/statuses";
import { useOrderStep } from "@/features/orders/steps";

/** One order as the shop works on it. */
export default function AdminOrder() {
  const { id = "" } = useParams();
  const found = useQuery(orderQuery(id));
  if (found.isPending) {
    return (
      <Page title="Order">
        <Skeleton className="h-10 w-64" />
        <Skeleton className="mt-8 h-28 rounded-2xl" />
        <Skeleton className="mt-6 h-72 rounded-2xl" />
      </Page>
    );
  }
  if (!found.data) {
    return (
      <Page title="Order">
        {isApiError(found.error) && found.error.status === 404 ? (
          <EmptyState
            heading="h1"
            icon={PackageX}
            title="There is no such order"
            action={<ButtonLink to="/admin/orders">All orders</ButtonLink>}
          >
            The address may be wrong.
          </EmptyState>
        ) : (
          <ErrorState heading="h1" error={found.error} onRetry={() => found.refetch()} />
        )}
      </Page>
    );
  }
  return <Shown order={found.data} />;
}

function Shown({ order }: { order: Order }) {
  const [opened, setOpened] = useState<"cancel" | "return" | null>(null);
  const step = useOrderStep();
  const to = nextStep(order);
  const comesBack = STATUSES[order.status].returnable && order.items.some(returnable);
  return (
    <Page title={`Order ${order.number}`}>
      <BackLink to="/admin/orders">Orders</BackLink>
      <header className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-4">
        <h1 className="font-semibold text-2xl sm:text-3xl">Order {order.number}</h1>
        <OrderStatusBadge status={order.status} />
        <p className="w-full text-muted max-sm:-mt-2 sm:order-last sm:-mt-2">
          Placed <Time value={order.createdAt} style="datetime" /> by {order.userEmail}
        </p>
        <div className="flex flex-wrap gap-2 sm:ml-auto">
          {to && (
            <Button variant="secondary" onClick={() => setOpened("cancel")}>
              Cancel order
            </Button>
          )}
          {comesBack && (
            <Button variant="secondary" onClick={() => setOpened("return")}>
              <Undo2 aria-hidden className="size-4" /> Return
            </Button>
          )}
          {to && (
            <Button busy={step.isPending} onClick={() => step.mutate({ order, to })}>
              {to === "PACKED" ? (
                <PackageCheck aria-hidden className="size-4" />
              ) : (
                <Truck aria-hidden className="size-4" />
              )}
              {to === "PACKED" ? "Mark as packed" : "Mark as delivered"}
            </Button>
          )}
        </div>
      </header>
      <Card className="mt-8 p-5 sm:p-7">
        <OrderProgress order={order} />
      </Card>
      <div className="mt-8 grid items-start gap-8 lg:grid-cols-[1fr_20rem]">
        <section aria-labelledby="items">
          <h2 id="items" className="font-semibold text-lg">
            Items
          </h2>
          <OrderLines order={order} />
        </section>
        <div className="flex flex-col gap-8">
          <OrderTimeline order={order} />
          <OrderDetails order={order} />
        </div>
      </div>
      {opened === "cancel" && <CancelOrderDialog staff order={order} onClose={() => setOpened(null)} />}
      {opened === "return" && <ReturnDialog order={order} onClose={() => setOpened(null)} />}
    </Page>
  );
}
