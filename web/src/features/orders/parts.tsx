import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import type { Order, OrderStep, OrderStepName, User } from "@/api/types";
import { Money, Time } from "@/components/ui/values";
import { useAuth } from "@/features/auth/auth";
import { LinePicture } from "@/features/catalog/line-picture";
import { describeOptions } from "@/features/catalog/options";
import { cn } from "@/lib/cn";
import { formatCount } from "@/lib/count";
import { countryName } from "@/lib/countries";
import { statusLabel } from "./status";
import { STATUSES, WAY } from "./statuses";

/** What a step is called once it is done. */
const STEPS: Partial<Record<OrderStepName, string>> = { PENDING: "Placed", RETURNED: "Units returned" };

/** What was bought, and what it came to. */
export function OrderLines({ order }: { order: Order }) {
  return (
    <>
      <ul className="mt-3 divide-y border-y">
        {order.items.map((line, index) => (
          <li key={`${line.sku} ${String(index)}`} className="flex items-center gap-4 py-4">
            <LinePicture
              line={line}
              index={index}
              className="size-14 shrink-0 rounded-xl border sm:size-16"
            />
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
              {line.returned > 0 && (
                <p className="text-sm text-info">{formatCount(line.returned)} returned</p>
              )}
            </div>
            <div className="shrink-0 text-right">
              <Money minor={line.total} currency={order.currency} className="font-medium" />
              <p className="text-muted text-sm">
                {formatCount(line.quantity)} × <Money minor={line.pricePerUnit} currency={order.currency} />
              </p>
            </div>
          </li>
        ))}
      </ul>
      <OrderAmounts order={order} />
      <div className="flex items-baseline justify-between py-5">
        <span className="font-medium">Total</span>
        <Money minor={order.totalAmount} currency={order.currency} className="font-semibold text-2xl" />
      </div>
    </>
  );
}

/** What the total is made of, where that is more than the lines. */
function OrderAmounts({ order }: { order: Order }) {
  const { currency, taxes = [], shippingMethod } = order;
  const rows: [string, number][] = [];
  if (order.discountAmount) rows.push([`Discount: ${order.discountReason ?? ""}`, -order.discountAmount]);
  if (shippingMethod) rows.push([`Shipping: ${shippingMethod.name}`, order.shippingAmount]);
  for (const { rate, amount } of taxes) {
    rows.push([`${order.taxAdded ? "Tax" : "Including tax"} (${String(rate / 100)} %)`, amount]);
  }
  if (rows.length === 0) return null;
  return (
    <dl className="flex flex-col gap-1.5 border-b py-4 text-sm">
      {[["Subtotal", order.subtotalAmount] as const, ...rows].map(([name, amount]) => (
        <div key={name} className="flex items-baseline justify-between gap-4">
          <dt className="min-w-0 text-muted">{name}</dt>
          <dd>
            <Money minor={amount} currency={currency} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** An address, a line at a time, as on a label. */
function AddressLines({ address }: { address: NonNullable<Order["shippingAddress"]> }) {
  const { name, company, line1, line2, postalCode, city, region, country, phone } = address;
  const place = [postalCode, city, region].filter(Boolean).join(" ");
  return (
    <dd className="mt-0.5 flex flex-col">
      {[name, company, line1, line2, place, countryName(country), phone].filter(Boolean).map((line) => (
        <span key={line} className="wrap-anywhere">
          {line}
        </span>
      ))}
    </dd>
  );
}

export function OrderDetails({ order }: { order: Order }) {
  return (
    <section aria-labelledby="details" className="text-sm">
      <h2 id="details" className="font-semibold text-lg">
        Details
      </h2>
      <dl className="mt-3 flex flex-col gap-2.5">
        <div>
          <dt className="text-muted">Order number</dt>
          <dd className="mt-0.5 flex items-center gap-1">
            <span className="font-medium tabular-nums">{order.number}</span>
            <CopyButton text={order.number} />
          </dd>
        </div>
        <div>
          <dt className="text-muted">Mails go to</dt>
          <dd className="mt-0.5 break-all">{order.userEmail}</dd>
        </div>
        {order.shippingAddress && (
          <div>
            <dt className="text-muted">Goes to</dt>
            <AddressLines address={order.shippingAddress} />
          </div>
        )}
        {order.billingAddress && (
          <div>
            <dt className="text-muted">Invoice to</dt>
            <AddressLines address={order.billingAddress} />
          </div>
        )}
        {order.note && (
          <div>
            <dt className="text-muted">Note</dt>
            <dd className="wrap-anywhere mt-0.5 whitespace-pre-line">{order.note}</dd>
          </div>
        )}
        {order.tags?.length ? (
          <div>
            <dt className="text-muted">Tags</dt>
            <dd className="mt-0.5">{order.tags.join(", ")}</dd>
          </div>
        ) : null}
        {order.reference && (
          <div>
            <dt className="text-muted">Reference</dt>
            <dd className="mt-0.5 break-all">{order.reference}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}

/** How far an order has come. */
export function OrderProgress({ order }: { order: Order }) {
  const cancelled = order.status === "CANCELLED";
  const reached = cancelled
    ? Math.max(0, ...order.timeline.map(({ status }) => (WAY as readonly string[]).indexOf(status)))
    : WAY.indexOf(order.status);
  const passed = cancelled ? "bg-line-strong" : "bg-brand";
  return (
    <ol className="grid grid-cols-4">
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
                className={cn("absolute top-3.5 right-1/2 h-0.5 w-full", done ? passed : "bg-line")}
              />
            )}
            <span
              aria-hidden
              className={cn(
                "relative z-10 grid size-7 place-items-center rounded-full border-2",
                done ? cn("border-transparent text-on-brand", passed) : "border-line bg-surface",
                index === reached && !cancelled && "ring-4 ring-brand-soft",
              )}
            >
              {done && <Check className="size-3.5" strokeWidth={3} />}
            </span>
            <span
              className={cn("mt-2.5 text-xs sm:text-sm", done && !cancelled ? "font-medium" : "text-muted")}
            >
              {STATUSES[step].progress}
            </span>
            {at && done && <Time value={at} className="mt-0.5 hidden text-muted text-xs sm:block" />}
          </li>
        );
      })}
    </ol>
  );
}

/** Every step of an order, newest first, and whose it was. */
export function OrderTimeline({ order }: { order: Order }) {
  const { user } = useAuth();
  const { timeline: steps, userId: buyer } = order;
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
              <p className="font-medium">{STEPS[step.status] ?? statusLabel(step.status)}</p>
              <p className="text-muted">
                <Time value={step.at} style="datetime" />
                {byWhom(step, buyer, user)}
              </p>
              {step.note && <p className="mt-0.5 text-muted">{step.note}</p>}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Customers see which steps they did themselves; staff see who did each. */
function byWhom(step: OrderStep, buyer: string, user: User | null): string {
  if (step.actor === user?.id) return step.status === "PENDING" ? "" : " by you";
  if (user?.role !== "admin") return "";
  if (step.actor === "system") return " automatically";
  return step.actor === buyer ? " by the customer" : " by staff";
}

function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  if (!navigator.clipboard) return null;
  return (
    <button
      type="button"
      aria-label="Copy the order number"
      className="print:hidden grid size-8 shrink-0 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
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
