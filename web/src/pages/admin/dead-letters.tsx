import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, dataOf } from "@/api/client";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/dialog";
import { PagedTable } from "@/components/ui/paged-table";
import { EmptyState } from "@/components/ui/states";
import { Card, PageHeader } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { toast } from "@/components/ui/toast";
import { Time } from "@/components/ui/values";
import { eventTitle, handlerTitle } from "@/features/operations/names";
import { Confirm, Fact, Facts, Json, Subject } from "@/features/operations/parts";
import { type DeadLetter, deadLettersPage } from "@/features/operations/queries";
import { once } from "@/lib/one-click";
import { useList } from "@/lib/use-list";

/** What was given up after its tries: why, what it was, and the way to try it again. */
export default function DeadLetters() {
  const { trail, go } = useList();
  const page = useQuery(deadLettersPage(trail.token));
  const [shown, setShown] = useState<DeadLetter | null>(null);
  const [unwanted, setUnwanted] = useState<DeadLetter | null>(null);
  const redrive = useRedrive();
  const all = page.data?.items ?? [];
  return (
    <Page title="Dead letters">
      <PageHeader
        title="Dead letters"
        description="Events whose handler failed three times. Fix the cause of the error, then retry: an event takes effect once, however often it is retried."
        actions={
          all.length > 1 && (
            <Button variant="secondary" busy={redrive.isPending} onClick={() => redrive.mutate(all)}>
              <RotateCw aria-hidden className="size-4" />
              Retry these {all.length}
            </Button>
          )
        }
      />
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption="Dead letters, newest first"
        columns={columns(setShown, setUnwanted)}
        rowKey={(letter) => letter.id}
        empty={
          <Card>
            <EmptyState icon={CircleCheck} title="There are no dead letters">
              An event is listed here when its handler has failed three times.
            </EmptyState>
          </Card>
        }
      />
      <Details letter={shown} onClose={() => setShown(null)} />
      <Remove letter={unwanted} onClose={() => setUnwanted(null)} />
    </Page>
  );
}

function columns(
  onShow: (letter: DeadLetter) => void,
  onRemove: (letter: DeadLetter) => void,
): Column<DeadLetter>[] {
  return [
    {
      id: "what",
      header: "What failed",
      meta: { card: "title" },
      cell: ({ row: { original: letter } }) => (
        <button
          type="button"
          onClick={() => onShow(letter)}
          className="text-left font-medium hover:underline"
        >
          {handlerTitle(letter.handler)}
        </button>
      ),
    },
    { id: "event", header: "Event", cell: ({ row }) => eventTitle(row.original.event.name) },
    { id: "about", header: "About", cell: ({ row }) => <Subject id={row.original.event.subject} /> },
    {
      id: "error",
      header: "Error",
      cell: ({ row }) => (
        <span className="line-clamp-2 max-w-72 break-words text-danger" title={row.original.error}>
          {row.original.error}
        </span>
      ),
    },
    { id: "tries", header: "Tries", meta: { align: "right" }, cell: ({ row }) => row.original.attempts },
    {
      id: "given up",
      header: "Failed",
      cell: ({ row }) => <Time value={row.original.createdAt} className="whitespace-nowrap" />,
    },
    {
      id: "actions",
      header: () => <span className="sr-only">Actions</span>,
      meta: { card: "actions", align: "right" },
      cell: ({ row: { original: letter } }) => (
        <span className="inline-flex gap-2">
          <TryAgain letter={letter} />
          <Button
            size="sm"
            variant="ghost"
            aria-label={`Delete the dead letter: ${handlerTitle(letter.handler)}`}
            onClick={() => onRemove(letter)}
          >
            <Trash2 aria-hidden className="size-4" />
            <span className="md:sr-only">Delete</span>
          </Button>
        </span>
      ),
    },
  ];
}

function useRedrive(onDone?: () => void) {
  const client = useQueryClient();
  return useMutation({
    // Each for itself: what cannot go on its way stays here, and holds up no other.
    mutationFn: async (letters: readonly DeadLetter[]) => {
      const refused: unknown[] = [];
      for (const { id } of letters) {
        await api
          .POST("/dead-letters/{id}/redrive", { params: { path: { id } } })
          .catch((error) => refused.push(error));
      }
      return { tried: letters.length - refused.length, refused };
    },
    onSuccess: ({ tried, refused }) => {
      if (refused.length) toast.error(refused[0]);
      else onDone?.();
      if (!tried) return;
      toast.success(tried === 1 ? "The event is retried" : `${tried} events are retried`, {
        description: refused.length
          ? `${refused.length} could not be, and stay here.`
          : "What fails again comes back here.",
      });
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["admin"] }),
  });
}

function TryAgain({ letter, onDone }: { letter: DeadLetter; onDone?: () => void }) {
  const redrive = useRedrive(onDone);
  return (
    <Button
      size="sm"
      variant="secondary"
      busy={redrive.isPending}
      onClick={once(() => redrive.mutate([letter]))}
    >
      <RotateCw aria-hidden className="size-4" />
      Try again
    </Button>
  );
}

function Details({ letter, onClose }: { letter: DeadLetter | null; onClose: () => void }) {
  return (
    <Sheet
      open={letter !== null}
      onClose={onClose}
      title={letter ? handlerTitle(letter.handler) : ""}
      description={letter && eventTitle(letter.event.name)}
      size="md"
      footer={letter && <TryAgain letter={letter} onDone={onClose} />}
    >
      {letter && (
        <div className="flex flex-col gap-6">
          <Facts>
            <Fact label="Handler">{letter.handler}</Fact>
            <Fact label="About">
              <Subject id={letter.event.subject} />
            </Fact>
            <Fact label="Tries">{letter.attempts}</Fact>
            <Fact label="First tried">
              <Time value={letter.firstTriedAt} style="datetime" />
            </Fact>
            <Fact label="Failed">
              <Time value={letter.createdAt} style="datetime" />
            </Fact>
            <Fact label="Request">
              <code className="select-all break-all font-mono text-xs">{letter.event.requestId || "—"}</code>
            </Fact>
          </Facts>
          <Json label="Error" value={letter.error} />
          <Json label="The event" value={letter.event} />
        </div>
      )}
    </Sheet>
  );
}

function Remove({ letter, onClose }: { letter: DeadLetter | null; onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: (id: string) => dataOf(api.DELETE("/dead-letters/{id}", { params: { path: { id } } })),
    onSuccess: () => {
      onClose();
      toast.success("The dead letter is deleted");
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["admin"] }),
  });
  return (
    <Confirm
      open={letter !== null}
      onClose={onClose}
      title="Delete this dead letter?"
      action="Delete it"
      danger
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => letter && remove.mutate(letter.id)}
    >
      {letter &&
        `${handlerTitle(letter.handler)} will not be tried again for this event. The event itself stays in the log.`}
    </Confirm>
  );
}
