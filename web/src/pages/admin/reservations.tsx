import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Clock3, Hourglass } from "lucide-react";
import { api, dataOf, ifMatch } from "@/api/client";
import { conflictingState } from "@/api/errors";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { PagedTable } from "@/components/ui/paged-table";
import { Segmented } from "@/components/ui/segmented";
import { EmptyState } from "@/components/ui/states";
import { Badge, PageHeader, type Tone } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { toast } from "@/components/ui/toast";
import { Time } from "@/components/ui/values";
import { LineOptions } from "@/features/catalog/line-options";
import { goods } from "@/features/catalog/queries";
import { shortId } from "@/features/orders/status";
import {
  type Reservation,
  type ReservationStatus,
  reservationsPage,
  stockChanged,
} from "@/features/stock/queries";
import { stockIdOf } from "@/features/stock/rows";
import { TimeLeft } from "@/features/stock/time-left";
import { formatCount } from "@/lib/count";
import { once } from "@/lib/one-click";
import { formatTime } from "@/lib/time";
import { useList } from "@/lib/use-list";

const LOOKS: Record<ReservationStatus, { label: string; tone: Tone }> = {
  ACTIVE: { label: "Active", tone: "success" },
  CONFIRMED: { label: "Confirmed", tone: "brand" },
  CANCELLED: { label: "Cancelled", tone: "neutral" },
  EXPIRED: { label: "Expired", tone: "neutral" },
};
const VIEWS = (Object.keys(LOOKS) as ReservationStatus[]).map((value) => ({
  value,
  label: LOOKS[value].label,
}));
const LONGER_MINUTES = 15;
/** A day: no hold may be longer. */
const LONGEST_MINUTES = 1440;

/** Units that somebody may still buy: until when, and what becomes of them. */
export default function Reservations() {
  const { params, trail, set, go } = useList();
  const status = VIEWS.find(({ value }) => value === params.get("status"))?.value ?? "ACTIVE";
  const page = useQuery(reservationsPage(status, trail.token));
  return (
    <Page title="Reservations">
      <PageHeader
        title="Reservations"
        description="Units reserved for carts and partners. They become available again when the reservation expires."
      />
      <Segmented
        label="Which reservations"
        value={status}
        onChange={(next) => set({ status: next === "ACTIVE" ? undefined : next })}
        segments={VIEWS}
        className="mb-6 sm:w-120"
      />
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption="Reservations"
        columns={status === "ACTIVE" ? ACTIVE_COLUMNS : COLUMNS}
        rowKey={(held) => held.id}
        empty={
          <EmptyState
            icon={Hourglass}
            title={
              status === "ACTIVE" ? "There are no active reservations" : "No reservation has this status"
            }
          >
            {status === "ACTIVE"
              ? "When a cart or a partner reserves units, the reservation is listed here with its remaining time."
              : "Reservations that end this way are listed here."}
          </EmptyState>
        }
      />
    </Page>
  );
}

/** What the variant of a hold is, from its product. */
function VariantOptions({ productId, variantId }: { productId: string; variantId: string }) {
  const { data } = useQuery({ ...goods(true, productId), staleTime: 10 * 60_000, retry: false });
  const variant = data?.variants.find(({ id }) => id === variantId);
  return variant ? <LineOptions options={variant.options} /> : null;
}

const COLUMNS: Column<Reservation>[] = [
  {
    id: "reservation",
    header: "Reservation",
    meta: { card: "title" },
    cell: ({ row: { original: held } }) => (
      <>
        <span className="font-medium">{shortId(held.id)}</span>
        {held.orderId && <span className="block font-normal text-muted text-xs">for {held.orderId}</span>}
      </>
    ),
  },
  {
    id: "what",
    header: "Units",
    cell: ({ row: { original: held } }) => (
      <ul className="flex flex-col gap-0.5">
        {held.items.slice(0, 4).map((item) => (
          <li key={stockIdOf(item)} className="tabular-nums">
            {formatCount(item.quantity)} × {item.sku}
            {item.variantId && <VariantOptions productId={item.productId} variantId={item.variantId} />}
          </li>
        ))}
        {held.items.length > 4 && <li className="text-muted">and {held.items.length - 4} more</li>}
      </ul>
    ),
  },
  { id: "since", header: "Made", cell: ({ row }) => <Time value={row.original.createdAt} /> },
  {
    id: "state",
    header: "State",
    cell: ({ row: { original: held } }) =>
      held.status === "ACTIVE" ? (
        <TimeLeft until={held.expiresAt} />
      ) : (
        <Badge tone={LOOKS[held.status].tone} dot>
          {LOOKS[held.status].label}
        </Badge>
      ),
  },
];
const ACTIVE_COLUMNS: Column<Reservation>[] = [
  ...COLUMNS,
  {
    id: "actions",
    header: () => <span className="sr-only">Actions</span>,
    meta: { card: "actions", align: "right" },
    cell: ({ row }) => <Actions held={row.original} />,
  },
];
type Act = "confirm" | "cancel" | "extend";

/** How long it holds now; the API counts a longer hold from now on too. */
function minutesFromNow(held: Reservation): number {
  const left = Math.ceil((Date.parse(held.expiresAt) - Date.now()) / 60_000);
  return Math.max(0, Math.min(left, LONGEST_MINUTES - LONGER_MINUTES));
}

function Actions({ held }: { held: Reservation }) {
  const client = useQueryClient();
  const name = shortId(held.id);
  const act = useMutation({
    mutationFn: (what: Act) => {
      const given = { params: { path: { id: held.id } }, headers: ifMatch(held.version) };
      if (what === "extend") {
        return dataOf(
          api.POST("/reservations/{id}/extend", {
            ...given,
            body: { expirationMinutes: minutesFromNow(held) + LONGER_MINUTES },
          }),
        );
      }
      return what === "confirm"
        ? dataOf(api.POST("/inventory/reservation/{id}/confirm", { ...given, body: {} }))
        : dataOf(api.POST("/inventory/reservation/{id}/cancel", { ...given, body: {} }));
    },
    onSuccess: (now, what) => {
      const message = {
        confirm: { title: `${name} is confirmed`, description: "Its units are recorded as sold." },
        cancel: { title: `${name} is cancelled`, description: "Its units are available again." },
        extend: {
          title: `${name} is extended`,
          description: `Until ${formatTime(now.expiresAt, "datetime")}.`,
        },
      }[what];
      toast.success(message.title, { description: message.description });
    },
    onError: (error) =>
      conflictingState(error)
        ? toast.info(`${name} changed meanwhile`, { description: "The list shows its current state." })
        : toast.error(error),
    onSettled: () => stockChanged(client),
  });
  const busy = (what: Act) => act.isPending && act.variables === what;
  return (
    <div className="flex flex-wrap justify-end gap-2">
      <Button
        size="sm"
        variant="ghost"
        aria-label={`+${String(LONGER_MINUTES)} min for ${name}`}
        busy={busy("extend")}
        disabled={act.isPending}
        onClick={() => act.mutate("extend")}
      >
        <Clock3 aria-hidden className="size-3.5" /> +{LONGER_MINUTES} min
      </Button>
      <Button
        size="sm"
        variant="secondary"
        aria-label={`Cancel ${name}`}
        busy={busy("cancel")}
        disabled={act.isPending}
        onClick={once(() => act.mutate("cancel"))}
      >
        Cancel
      </Button>
      <Button
        size="sm"
        aria-label={`Confirm ${name}`}
        busy={busy("confirm")}
        disabled={act.isPending}
        onClick={once(() => act.mutate("confirm"))}
      >
        Confirm
      </Button>
    </div>
  );
}
