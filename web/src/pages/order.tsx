import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, ChevronLeft, Copy, PackageX } from "lucide-react";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { conflictingState, isApiError } from "@/api/errors";
import type { Order, OrderStep } from "@/api/types";
import { Page } from "@/components/layout/page";
import { Button, ButtonLink } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { TextAreaField } from "@/components/ui/field";
import { EmptyState, ErrorNote, ErrorState } from "@/components/ui/states";
import { Card, Skeleton } from "@/components/ui/surfaces";
import { toast } from "@/components/ui/toast";
import { Money, Time } from "@/components/ui/values";
import { useAuth } from "@/features/auth/auth";
import { SignedIn } from "@/features/auth/guards";
import { LinePicture } from "@/features/catalog/line-picture";
import { describeOptions } from "@/features/catalog/options";
import { cancelOrder, order as orderQuery } from "@/features/orders/queries";
import { OrderStatusBadge, shortId, statusLabel, statusMeaning } from "@/features/orders/status";
import { cn } from "@/lib/cn";

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
            title="There is no such order of yours"
            action={<ButtonLink to="/orders">Your orders</ButtonLink>}
          >
            It may belong to another account, or the address is mistyped.
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
  const may = ["PENDING", "CONFIRMED", ...(isAdmin ? ["PACKED"] : [])].includes(order.status);
  return (
    <Page title={`Order ${shortId(order.id)}`}>
      <Link to="/orders" className="inline-flex items-center gap-1 rounded text-muted text-sm hover:text-ink">
        <ChevronLeft aria-hidden className="size-4" /> Your orders
      </Link>
      <header className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-3">
        <h1 className="font-semibold text-2xl sm:text-3xl">Order {shortId(order.id)}</h1>
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
        <Progress order={order} />
      </Card>
      <div className="mt-8 grid items-start gap-8 lg:grid-cols-[1fr_20rem]">
        <section aria-labelledby="items">
          <h2 id="items" className="font-semibold text-lg">
            Items
          </h2>
          <ul className="mt-3 divide-y border-y">
            {order.items.map((line, index) => (
              <li key={`${line.sku} ${String(index)}`} className="flex items-center gap-4 py-4">
                <LinePicture line={line} className="size-14 shrink-0 rounded-xl border sm:size-16" />
                <div className="min-w-0 flex-1">
                  <Link
                    to={`/products/${encodeURIComponent(line.productId)}`}
                    className="rounded font-medium hover:underline"
                  >
                    {line.name}
                  </Link>
                  <p className="text-muted text-sm">
                    {[describeOptions(line.options), `SKU ${line.sku}`].filter(Boolean).join(" · ")}
                  </p>
                  {line.returned > 0 && <p className="text-sm text-info">{line.returned} returned</p>}
                </div>
                <div className="shrink-0 text-right">
                  <Money minor={line.total} currency={order.currency} className="font-medium" />
                  <p className="text-muted text-sm">
                    {line.quantity} × <Money minor={line.pricePerUnit} currency={order.currency} />
                  </p>
                </div>
              </li>
            ))}
          </ul>
          <div className="flex items-baseline justify-between py-5">
            <span className="font-medium">Total</span>
            <Money minor={order.totalAmount} currency={order.currency} className="font-semibold text-2xl" />
          </div>
        </section>
        <aside className="flex flex-col gap-8">
          <Timeline steps={order.timeline} buyer={order.userId} />
          <section aria-labelledby="details" className="text-sm">
            <h2 id="details" className="font-semibold text-lg">
              Details
            </h2>
            <dl className="mt-3 flex flex-col gap-2.5">
              <div>
                <dt className="text-muted">Order number</dt>
                <dd className="mt-0.5 flex items-center gap-1">
                  <code className="min-w-0 break-all font-mono text-xs">{order.id}</code>
                  <CopyButton text={order.id} />
                </dd>
              </div>
              <div>
                <dt className="text-muted">Mails go to</dt>
                <dd className="mt-0.5 break-all">{order.userEmail}</dd>
              </div>
              {order.reference && (
                <div>
                  <dt className="text-muted">Reference</dt>
                  <dd className="mt-0.5 break-all">{order.reference}</dd>
                </div>
              )}
            </dl>
          </section>
        </aside>
      </div>
      {cancelling && <CancelDialog order={order} onClose={() => setCancelling(false)} />}
    </Page>
  );
}

const WAY: readonly string[] = ["PENDING", "CONFIRMED", "PACKED", "DELIVERED"];
const WAY_LABELS: Record<string, string> = {
  PENDING: "Placed",
  CONFIRMED: "Confirmed",
  PACKED: "Packed",
  DELIVERED: "Delivered",
};

function Progress({ order }: { order: Order }) {
  const cancelled = order.status === "CANCELLED";
  const reached = cancelled
    ? Math.max(0, ...order.timeline.map((step) => WAY.indexOf(step.status)))
    : WAY.indexOf(order.status);
  return (
    <ol className={cn("grid grid-cols-4", cancelled && "opacity-60")}>
      {WAY.map((step, index) => {
        const done = index <= reached;
        const at = order.timeline.find((each) => each.status === step)?.at;
        return (
          <li
            key={step}
            aria-current={index === reached && !cancelled ? "step" : undefined}
            className="relative flex flex-col items-center text-center"
          >
            {index > 0 && (
              <span
                aria-hidden
                className={cn("absolute top-3.5 right-1/2 h-0.5 w-full", done ? "bg-brand" : "bg-line")}
              />
            )}
            <span
              aria-hidden
              className={cn(
                "relative z-10 grid size-7 place-items-center rounded-full border-2",
                done ? "border-brand bg-brand text-on-brand" : "border-line bg-surface",
                index === reached && !cancelled && "ring-4 ring-brand-soft",
              )}
            >
              {done && <Check className="size-3.5" strokeWidth={3} />}
            </span>
            <span className={cn("mt-2.5 text-xs sm:text-sm", done ? "font-medium" : "text-muted")}>
              {WAY_LABELS[step]}
            </span>
            {at && done && <Time value={at} className="mt-0.5 hidden text-muted text-xs sm:block" />}
          </li>
        );
      })}
    </ol>
  );
}

function Timeline({ steps, buyer }: { steps: OrderStep[]; buyer: string }) {
  return (
    <section aria-labelledby="timeline" className="text-sm">
      <h2 id="timeline" className="font-semibold text-lg">
        Timeline
      </h2>
      <ol className="mt-4">
        {[...steps].reverse().map((step, index) => (
          <li key={step.status + step.at} className="relative flex gap-3 pb-5 last:pb-0">
            {index < steps.length - 1 && (
              <span aria-hidden className="absolute top-4 bottom-0 left-[5px] w-px bg-line" />
            )}
            <span
              aria-hidden
              className={cn(
                "mt-1.5 size-[11px] shrink-0 rounded-full border-2",
                index === 0 ? "border-brand bg-brand" : "border-line-strong bg-surface",
              )}
            />
            <div>
              <p className="font-medium">{step.status === "PENDING" ? "Placed" : statusLabel(step.status)}</p>
              <p className="text-muted">
                <Time value={step.at} style="datetime" />
                {step.actor === buyer && step.status === "CANCELLED" && " by you"}
              </p>
              {step.note && <p className="mt-0.5 text-muted">{step.note}</p>}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  if (!navigator.clipboard) return null;
  return (
    <button
      type="button"
      aria-label="Copy the order number"
      className="grid size-8 shrink-0 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
      onClick={async () => {
        await navigator.clipboard.writeText(text);
        setCopied(true);
        setTimeout(() => setCopied(false), 1500);
      }}
    >
      {copied ? (
        <Check aria-hidden className="size-4 text-success" />
      ) : (
        <Copy aria-hidden className="size-4" />
      )}
    </button>
  );
}

function CancelDialog({ order, onClose }: { order: Order; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const cancel = useMutation({
    mutationFn: () => cancelOrder(order, reason.trim()),
    onSuccess: (cancelled) => {
      queryClient.setQueryData(["orders", "one", order.id], cancelled);
      toast.success("Your order is cancelled", { description: "Its units are back on the shelf." });
      onClose();
    },
    onError: (error) => {
      // It moved on meanwhile: show where it is, and let the buyer decide anew.
      const current = conflictingState<Order>(error);
      if (current) queryClient.setQueryData(["orders", "one", order.id], current);
      else void queryClient.invalidateQueries({ queryKey: ["orders", "one", order.id] });
    },
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ["orders", "own"] });
      void queryClient.invalidateQueries({ queryKey: ["goods"] });
    },
  });
  const moved = isApiError(cancel.error, "VERSION_CONFLICT");
  return (
    <Dialog
      open
      onClose={onClose}
      title="Cancel this order?"
      description="The units go back on the shelf, and others can buy them."
      footer={
        <>
          <Button variant="secondary" onClick={onClose}>
            Keep it
          </Button>
          <Button variant="danger" busy={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel the order
          </Button>
        </>
      }
    >
      <TextAreaField
        label="Why? (optional)"
        rows={3}
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {moved ? (
        <p role="alert" className="mt-4 rounded-xl bg-warning-soft px-4 py-3 text-sm text-warning">
          The order has moved on meanwhile: it is {statusLabel(order.status).toLowerCase()} now. Cancel it
          still?
        </p>
      ) : (
        <ErrorNote error={cancel.error} className="mt-4" />
      )}
    </Dialog>
  );
}
