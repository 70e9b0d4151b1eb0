import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Mail, MessageSquareText, RotateCw } from "lucide-react";
import { useState } from "react";
import { api, dataOf } from "@/api/client";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/dialog";
import { PagedTable } from "@/components/ui/paged-table";
import { Segmented } from "@/components/ui/segmented";
import { EmptyState } from "@/components/ui/states";
import { Badge, Card, PageHeader, type Tone } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { toast } from "@/components/ui/toast";
import { Time } from "@/components/ui/values";
import { Fact, Facts, Json, Subject } from "@/features/operations/parts";
import { type Channel, type Notification, notificationsPage } from "@/features/operations/queries";
import { once } from "@/lib/one-click";
import { useList } from "@/lib/use-list";

const CHANNELS: Record<Channel, string> = { email: "Mail", sms: "SMS", topic: "Topic" };

/** Every mail and SMS that the shop sent, or tried to send. */
export default function Mailbox() {
  const { params, trail, set, clear, go } = useList();
  const given = params.get("channel") ?? "";
  const channel = given in CHANNELS ? (given as Channel) : undefined;
  const page = useQuery(notificationsPage(channel, trail.token));
  const [shown, setShown] = useState<Notification | null>(null);
  return (
    <Page title="Mailbox">
      <PageHeader
        title="Mailbox"
        description="All e-mails and SMS messages that the shop sent or failed to send. Without a mail server they are only kept here."
      />
      <Segmented
        label="Channel"
        value={channel ?? "all"}
        onChange={(value) => set({ channel: value === "all" ? undefined : value })}
        segments={[
          { value: "all", label: "Everything" },
          { value: "email", label: "Mail" },
          { value: "sms", label: "SMS" },
        ]}
        className="mb-5 sm:w-80"
      />
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption="Messages, newest first"
        columns={columns(setShown)}
        rowKey={(message) => message.id}
        empty={
          <Card>
            <EmptyState
              icon={Mail}
              title={channel ? "There is no message on this channel" : "No message yet"}
              onShowAll={channel ? clear : undefined}
            >
              Order confirmations, low-stock alerts and sign-up codes are listed here when they are sent.
            </EmptyState>
          </Card>
        }
      />
      <Details message={shown} onClose={() => setShown(null)} />
    </Page>
  );
}

function columns(onShow: (message: Notification) => void): Column<Notification>[] {
  return [
    {
      id: "subject",
      header: "Message",
      meta: { card: "title" },
      cell: ({ row: { original: message } }) => (
        <button
          type="button"
          onClick={() => onShow(message)}
          className="line-clamp-2 max-w-md wrap-anywhere text-left font-medium hover:underline"
        >
          {titleOf(message)}
        </button>
      ),
    },
    { id: "channel", header: "Channel", cell: ({ row }) => <ChannelName channel={row.original.channel} /> },
    {
      id: "to",
      header: "To",
      cell: ({ row }) => <span className="block max-w-56 truncate">{row.original.to}</span>,
    },
    { id: "status", header: "Status", cell: ({ row }) => <Status status={row.original.status} /> },
    { id: "when", header: "When", cell: ({ row }) => <Time value={row.original.createdAt} /> },
  ];
}

function titleOf(message: Notification): string {
  return message.subject || message.body.split("\n", 1)[0] || "Without a subject";
}

function ChannelName({ channel }: { channel: Channel }) {
  const Icon = channel === "email" ? Mail : MessageSquareText;
  return (
    <span className="inline-flex items-center gap-2 align-middle">
      <Icon aria-hidden className="size-4 text-muted" />
      {CHANNELS[channel]}
    </span>
  );
}

const STATUSES: Record<Notification["status"], { tone: Tone; label: string }> = {
  SENT: { tone: "success", label: "Sent" },
  KEPT: { tone: "neutral", label: "Kept here, not sent" },
  WAITING: { tone: "warning", label: "Waiting" },
  FAILED: { tone: "danger", label: "Failed" },
  BLOCKED: { tone: "neutral", label: "Not sent: the address is blocked" },
};

function Status({ status }: Pick<Notification, "status">) {
  const { tone, label } = STATUSES[status];
  return (
    <Badge tone={tone} dot>
      {label}
    </Badge>
  );
}

function SendAgain({ message, onDone }: { message: Notification; onDone: () => void }) {
  const client = useQueryClient();
  const send = useMutation({
    mutationFn: () =>
      dataOf(api.POST("/notifications/{id}/resend", { params: { path: { id: message.id } } })),
    onSuccess: () => {
      onDone();
      toast.success("The message is sent again", { description: "The new message is first in the list." });
    },
    onError: (error) => toast.error(error),
    onSettled: () => client.invalidateQueries({ queryKey: ["admin"] }),
  });
  return (
    <Button size="sm" variant="secondary" busy={send.isPending} onClick={once(() => send.mutate())}>
      <RotateCw aria-hidden className="size-4" />
      Send again
    </Button>
  );
}

/** As text: what a mail's HTML says its text says too, and nothing of it runs or loads here. */
function Details({ message, onClose }: { message: Notification | null; onClose: () => void }) {
  return (
    <Sheet
      open={message !== null}
      onClose={onClose}
      title={message ? titleOf(message) : ""}
      size="md"
      footer={message && message.status !== "WAITING" && <SendAgain message={message} onDone={onClose} />}
    >
      {message && (
        <div className="flex flex-col gap-6">
          <Facts>
            <Fact label="To">{message.to}</Fact>
            <Fact label="Channel">
              <ChannelName channel={message.channel} />
            </Fact>
            <Fact label="Status">
              <Status status={message.status} />
            </Fact>
            <Fact label="When">
              <Time value={message.createdAt} style="datetime" />
            </Fact>
            <Fact label="About">
              <Subject id={message.about} />
            </Fact>
          </Facts>
          {message.resendOf && <p className="text-muted text-sm">This repeats an earlier message.</p>}
          {message.error && <Json label="Error" value={message.error} />}
          <section aria-label="Text of the message">
            <h3 className="mb-1.5 font-medium text-sm">Text</h3>
            <p className="whitespace-pre-wrap break-words rounded-xl border bg-canvas p-4 font-mono text-xs leading-5">
              {message.body}
            </p>
          </section>
          {message.html && (
            <details className="text-sm">
              <summary className="w-fit rounded py-1 text-muted hover:text-ink">HTML source</summary>
              <div className="mt-2">
                <Json label="HTML as it was sent" value={message.html} />
              </div>
            </details>
          )}
        </div>
      )}
    </Sheet>
  );
}
