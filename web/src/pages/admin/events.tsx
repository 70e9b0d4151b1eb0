import { useQuery } from "@tanstack/react-query";
import { Activity, Pause, Play, X } from "lucide-react";
import { useState } from "react";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/dialog";
import { FilterSelect } from "@/components/ui/field";
import { PagedTable } from "@/components/ui/paged-table";
import { EmptyState } from "@/components/ui/states";
import { Card, PageHeader } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { Time } from "@/components/ui/values";
import { LiveBadge } from "@/features/live/live-badge";
import { eventTitle } from "@/features/operations/names";
import { Fact, Facts, Json, Subject } from "@/features/operations/parts";
import { eventsPage, type ShopEvent } from "@/features/operations/queries";
import { useList } from "@/lib/use-list";

/** By the first word of their names. */
const KINDS: Record<string, string> = {
  "order.": "Orders",
  "sale.": "Till sales",
  "stock.": "Stock",
  "reservation.": "Reservations",
  "product.": "Products",
  "account.": "Accounts",
  "api_key.": "API keys",
  "dead_letter.": "Dead letters",
};

/** The event log, growing as one looks. */
export default function Events() {
  const { params, trail, set, clear, go } = useList();
  const [paused, setPaused] = useState(false);
  const [shown, setShown] = useState<ShopEvent | null>(null);
  const kind = params.get("kind") ?? "";
  const subject = params.get("subject") || undefined;
  const wanted = eventsPage(kind in KINDS ? kind : undefined, subject, trail.token);
  // What is paused is still asked for once, so that there is something to look at.
  const first = useQuery({ ...wanted, enabled: (query) => !paused || query.state.data === undefined });
  return (
    <Page title="Events">
      <PageHeader
        title="Events"
        description="All events, updated live. Each was written in the same transaction as its change."
        actions={<LiveBadge />}
      />
      <div className="mb-5 flex flex-wrap items-center gap-2">
        <FilterSelect
          label="Kind of event"
          every="Every kind"
          value={kind}
          options={Object.entries(KINDS)}
          onChange={(kind) => set({ kind })}
        />
        <Button variant="secondary" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? <Play aria-hidden className="size-4" /> : <Pause aria-hidden className="size-4" />}
          {paused ? "Resume" : "Pause"}
        </Button>
        {subject && (
          <Button variant="secondary" onClick={() => set({ subject: undefined })} className="min-w-0">
            <span className="max-w-60 truncate">About {subject}</span>
            <X aria-hidden className="size-4" />
            <span className="sr-only">Show events about everything</span>
          </Button>
        )}
      </div>
      <PagedTable
        page={first}
        trail={trail}
        onPage={go}
        caption="Events, newest first"
        columns={columns(setShown)}
        rowKey={(event) => event.id}
        empty={
          <Card>
            <EmptyState
              icon={Activity}
              title="No such event yet"
              onShowAll={kind || subject ? clear : undefined}
            >
              Place an order or restock a product: its events are listed here at once.
            </EmptyState>
          </Card>
        }
      />
      <Details
        event={shown}
        onClose={() => setShown(null)}
        onSubject={(id) => {
          setShown(null);
          set({ subject: id, kind: undefined });
        }}
      />
    </Page>
  );
}

function columns(onShow: (event: ShopEvent) => void): Column<ShopEvent>[] {
  return [
    {
      id: "event",
      header: "Event",
      meta: { card: "title" },
      cell: ({ row: { original: event } }) => (
        <button type="button" onClick={() => onShow(event)} className="text-left font-medium hover:underline">
          {eventTitle(event.name)}
        </button>
      ),
    },
    { id: "about", header: "About", cell: ({ row }) => <Subject id={row.original.subject} /> },
    { id: "by", header: "By", cell: ({ row }) => <Subject id={row.original.actor} /> },
    { id: "when", header: "When", cell: ({ row }) => <Time value={row.original.createdAt} /> },
    {
      id: "position",
      header: "Position",
      meta: { align: "right", card: "hidden" },
      cell: ({ row }) => <span className="text-muted">{row.original.position}</span>,
    },
  ];
}

function Details({
  event,
  onClose,
  onSubject,
}: {
  event: ShopEvent | null;
  onClose: () => void;
  onSubject: (id: string) => void;
}) {
  return (
    <Sheet
      open={event !== null}
      onClose={onClose}
      title={event ? eventTitle(event.name) : ""}
      description={event && <Time value={event.createdAt} style="datetime" />}
      size="md"
      footer={
        event && (
          <Button variant="secondary" onClick={() => onSubject(event.subject)}>
            All events about it
          </Button>
        )
      }
    >
      {event && (
        <div className="flex flex-col gap-6">
          <Facts>
            <Fact label="Name">
              <code className="font-mono text-xs">{event.name}</code>
            </Fact>
            <Fact label="About">
              <Subject id={event.subject} />
            </Fact>
            <Fact label="By">
              <Subject id={event.actor} />
            </Fact>
            <Fact label="Request">
              <code className="select-all break-all font-mono text-xs">{event.requestId || "—"}</code>
            </Fact>
            <Fact label="Event">
              <code className="select-all break-all font-mono text-xs">{event.id}</code>
            </Fact>
          </Facts>
          <Json label="Data" value={event.data} />
        </div>
      )}
    </Sheet>
  );
}
