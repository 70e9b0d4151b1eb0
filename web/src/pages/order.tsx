import { useQuery } from "@tanstack/react-query";
import { PackageX } from "lucide-react";
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
import { useAuth } from "@/features/auth/auth";
import { SignedIn } from "@/features/auth/guards";
import { CancelOrderDialog } from "@/features/orders/cancel-dialog";
import { OrderDetails, OrderLines, OrderProgress, OrderTimeline } from "@/features/orders/parts";
import { order as orderQuery } from "@/features/orders/queries";
import { OrderStatusBadge, statusMeaning } from "@/features/orders/status";
import { mayCancel } from "@/features/orders/statuses";

export function Component() {
  return (
    <SignedIn>
      <OrderPage />
    </SignedIn>
  );
}

function OrderPage() {
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
    const notTheirs = isApiError(found.error) && (found.error.status === 404 || found.error.status === 403);
    return (
      <Page title="Order">
        {notTheirs ? (
          <EmptyState
            heading="h1"
            icon={PackageX}
            title="You have no such order"
            action={<ButtonLink to="/orders">Your orders</ButtonLink>}
          >
            It may belong to another account, or the address may be wrong.
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
  const { user, isAdmin } = useAuth();
  const [cancelling, setCancelling] = useState(false);
  const may = mayCancel(order.status, isAdmin);
  return (
    <Page title={`Order ${order.number}`}>
      <BackLink to="/orders">Your orders</BackLink>
      <header className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-3">
        <h1 className="font-semibold text-2xl sm:text-3xl">Order {order.number}</h1>
        <OrderStatusBadge status={order.status} />
        {may && (
          <Button variant="secondary" size="sm" className="ml-auto" onClick={() => setCancelling(true)}>
            Cancel order
          </Button>
        )}
      </header>
      <p className="mt-2 text-muted">
        Placed <Time value={order.createdAt} style="datetime" />
        {order.userId !== user?.id && ` by ${order.userEmail}`}
      </p>
      <Card className="mt-8 p-5 sm:p-7">
        <p className="mb-6 font-medium" aria-live="polite">
          {statusMeaning(order.status)}
        </p>
        <OrderProgress order={order} />
      </Card>
      <div className="mt-8 grid items-start gap-8 lg:grid-cols-[1fr_20rem]">
        <section aria-labelledby="items">
          <h2 id="items" className="font-semibold text-lg">
            Items
          </h2>
          <OrderLines order={order} />
        </section>
        <aside className="flex flex-col gap-8">
          <OrderTimeline order={order} />
          <OrderDetails order={order} />
        </aside>
      </div>
      {cancelling && <CancelOrderDialog order={order} onClose={() => setCancelling(false)} />}
    </Page>
  );
}
