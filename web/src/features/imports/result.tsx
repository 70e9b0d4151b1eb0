import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, Undo2 } from "lucide-react";
import { useState } from "react";
import { api } from "@/api/client";
import { Button } from "@/components/ui/button";
import { CancelButton, Dialog } from "@/components/ui/dialog";
import { ErrorNote, ErrorState } from "@/components/ui/states";
import { Card, Skeleton } from "@/components/ui/surfaces";
import { toast } from "@/components/ui/toast";
import { CSV, saveFile } from "@/features/operations/export-button";
import { formatCount } from "@/lib/count";
import { ChangeTable, Counts, ErrorTable, Pictures, Rows, StatusBadge, Understood } from "./parts";
import { cancel, type Import, isActive, oneImport, undo } from "./queries";

/** An import that is booked, or at it: how far it is, what it found, and the way back. */
export function Result({ id, onAgain }: { id: string; onAgain: () => void }) {
  const found = useQuery(oneImport(id));
  if (found.isError && !found.data) return <ErrorState error={found.error} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton className="h-64" />;
  return (
    <div className="flex flex-col gap-6">
      <Head found={found.data} onAgain={onAgain} />
      <Counts found={found.data} />
      <Findings found={found.data} />
    </div>
  );
}

function Head({ found, onAgain }: { found: Import; onAgain: () => void }) {
  const client = useQueryClient();
  const [undoing, setUndoing] = useState(false);
  const stop = useMutation({
    mutationFn: () => cancel(found.importId),
    onError: (error) => toast.error(error),
    onSettled: () => client.invalidateQueries({ queryKey: ["admin", "imports"] }),
  });
  const booked = found.dryRun ? 0 : found.created + found.updated;
  return (
    <Card className="flex flex-wrap items-center gap-4 p-5">
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-center gap-2">
          <h2 className="truncate font-semibold text-lg">{found.fileName || "An import"}</h2>
          <StatusBadge status={found.status} />
        </div>
        <Understood found={found} />
        {found.undone > 0 && <p className="mt-1 text-sm">{formatCount(found.undone)} rows were undone.</p>}
        <Pictures found={found} />
        {isActive(found) && (
          <progress
            className="mt-3 w-full"
            aria-label="How far it is"
            max={Math.max(1, found.progress.of)}
            value={found.progress.done}
          />
        )}
      </div>
      {isActive(found) && found.status !== "UNDOING" && (
        <Button variant="secondary" busy={stop.isPending} onClick={() => stop.mutate()}>
          {found.status === "FETCHING" ? "Fetch no more" : "Cancel the import"}
        </Button>
      )}
      {!isActive(found) && booked > 0 && (
        <Button variant="secondary" onClick={() => setUndoing(true)}>
          <Undo2 aria-hidden className="size-4" /> Undo
        </Button>
      )}
      {!isActive(found) && <Button onClick={onAgain}>Import a file</Button>}
      {undoing && <UndoDialog found={found} onClose={() => setUndoing(false)} />}
    </Card>
  );
}

/** What undoing would do is shown first. */
function UndoDialog({ found, onClose }: { found: Import; onClose: () => void }) {
  const client = useQueryClient();
  const look = useQuery({
    queryKey: ["undo-of-import", found.importId],
    queryFn: () => undo(found.importId, true),
    gcTime: 0,
  });
  const take = useMutation({
    mutationFn: () => undo(found.importId, false),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: ["admin"] }),
  });
  return (
    <Dialog
      open
      onClose={onClose}
      size="lg"
      title="Undo this import?"
      description={
        look.data
          ? `${formatCount(look.data.undone)} rows would be taken back, ${formatCount(look.data.refusedCount)} stay.`
          : "Looking at what has changed since…"
      }
      footer={
        <>
          <CancelButton>Keep it</CancelButton>
          <Button
            variant="danger"
            disabled={!look.data?.undone}
            busy={take.isPending}
            onClick={() => take.mutate()}
          >
            Undo {formatCount(look.data?.undone ?? 0)} rows
          </Button>
        </>
      }
    >
      <ErrorNote error={look.error ?? take.error} />
      {look.data && look.data.refused.length > 0 && (
        <ErrorTable caption="Rows that stay" errors={look.data.refused} />
      )}
    </Dialog>
  );
}

/** What the check found, and what could not be undone. */
export function Findings({ found }: { found: Import }) {
  const download = useMutation({
    mutationFn: async () => {
      const path = { id: found.importId };
      const { response } = await api.GET("/imports/{id}/errors.csv", { params: { path }, ...CSV });
      saveFile(await response.blob(), `${found.importId}-failed.csv`);
    },
    onError: (error) => toast.error(error),
  });
  return (
    <>
      {found.notes.map((note) => (
        <p key={note} className="text-muted text-sm">
          {note}
        </p>
      ))}
      {found.errors.length > 0 && (
        <Rows
          title="Refused rows"
          note={
            <Button variant="secondary" size="sm" busy={download.isPending} onClick={() => download.mutate()}>
              <Download aria-hidden className="size-3.5" /> All {formatCount(found.failed)}, as a file to
              correct
            </Button>
          }
        >
          <ErrorTable caption="Refused rows" errors={found.errors} />
        </Rows>
      )}
      {found.pictureErrors.length > 0 && (
        <Rows title="Pictures that could not be fetched" note="Their products are booked.">
          <ErrorTable caption="Pictures that could not be fetched" errors={found.pictureErrors} />
        </Rows>
      )}
      {found.refused.length > 0 && (
        <Rows title="Not undone">
          <ErrorTable caption="Rows that could not be undone" errors={found.refused} />
        </Rows>
      )}
      {found.bookedBeforeCount > 0 && (
        <p className="text-sm">
          {formatCount(found.bookedBeforeCount)} rows were booked by an earlier import and are left as they
          are.
        </p>
      )}
      {found.preview.length > 0 && (
        <Rows title="What changes" note="The first 100.">
          <ChangeTable changes={found.preview} />
        </Rows>
      )}
    </>
  );
}
