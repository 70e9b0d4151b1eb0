import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, dataOf, ifMatch } from "@/api/client";
import { conflictingState, isApiError } from "@/api/errors";
import type { Order } from "@/api/types";
import { Button } from "@/components/ui/button";
import { CancelButton, Dialog } from "@/components/ui/dialog";
import { Switch, TextField } from "@/components/ui/field";
import { Quantity } from "@/components/ui/quantity";
import { ErrorNote } from "@/components/ui/states";
import { toast } from "@/components/ui/toast";
import { LinePicture } from "@/features/catalog/line-picture";
import { describeOptions } from "@/features/catalog/options";
import { counted, formatCount } from "@/lib/count";
import { useUnsaved } from "@/lib/unsaved";
import { returnable, returnItems } from "./board";

const REASONS = ["Wrong size", "Damaged on the way", "Changed their mind"];

function describeLine({ quantity, returned }: Order["items"][number]): string {
  return returned
    ? `${formatCount(returned)} of ${formatCount(quantity)} returned`
    : `${formatCount(quantity)} sold`;
}

/** What came back of an order, how much of it, and whether it can be sold again. */
export function ReturnDialog({ order, onClose }: { order: Order; onClose: () => void }) {
  const client = useQueryClient();
  const { items: lines } = order;
  const [quantities, setQuantities] = useState<number[]>(() => lines.map(() => 0));
  const [restock, setRestock] = useState(true);
  const [reason, setReason] = useState("");
  const items = returnItems(lines, quantities);
  const units = items.reduce((sum, { quantity }) => sum + quantity, 0);
  const book = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST("/orders/{id}/returns", {
          params: { path: { id: order.id } },
          body: { items, restock, reason: reason.trim() },
          headers: ifMatch(order.version),
        }),
      ),
    onSuccess: (after) => {
      client.setQueryData(["orders", "one", order.id], after);
      toast.success(`${counted(units, "unit")} of ${order.number} returned`, {
        description: restock ? "They are in stock again." : "They are not in stock.",
      });
      onClose();
    },
    onError: (error) => {
      const current = conflictingState<Order>(error);
      if (current) client.setQueryData(["orders", "one", order.id], current);
    },
    onSettled: () =>
      Promise.all(["admin", "orders", "goods"].map((name) => client.invalidateQueries({ queryKey: [name] }))),
  });
  useUnsaved(() => (units > 0 || Boolean(reason.trim())) && !book.isPending);
  return (
    <Dialog
      open
      onClose={onClose}
      size="md"
      title={`Returned units of ${order.number}`}
      footer={
        <>
          <CancelButton>Cancel</CancelButton>
          <Button disabled={units === 0} busy={book.isPending} onClick={() => book.mutate()}>
            Book {counted(units, "unit")} back
          </Button>
        </>
      }
    >
      <ul className="divide-y border-y">
        {lines.map((line, index) => {
          const most = returnable(line);
          return (
            <li key={line.lineId} className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
              <LinePicture line={line} index={index} className="size-11 shrink-0 rounded-lg border" />
              <div className="min-w-32 flex-1 text-sm">
                <p className="font-medium">{line.name}</p>
                <p className="text-muted">
                  {[describeOptions(line.options), describeLine(line)].filter(Boolean).join(" · ")}
                </p>
              </div>
              {most === 0 ? (
                <span className="text-muted text-sm">all returned</span>
              ) : (
                <Quantity
                  label={`Returned units of ${line.name}`}
                  size="sm"
                  min={0}
                  max={most}
                  value={quantities[index] ?? 0}
                  onChange={(quantity) =>
                    setQuantities(quantities.map((each, at) => (at === index ? quantity : each)))
                  }
                />
              )}
            </li>
          );
        })}
      </ul>
      <Button
        variant="ghost"
        size="sm"
        className="mt-2 -ml-3"
        onClick={() => setQuantities(lines.map(returnable))}
      >
        All units were returned
      </Button>
      <div className="mt-3 flex items-center justify-between gap-4 rounded-xl bg-sunken px-4 py-3 text-sm">
        <span>
          <span className="block font-medium">On the shelf again</span>
          <span className="text-muted">
            {restock
              ? "The units can be sold again."
              : "The units are recorded as returned, but cannot be sold."}
          </span>
        </span>
        <Switch label="Return to stock" checked={restock} onChange={setRestock} />
      </div>
      <TextField
        label="Reason (optional)"
        className="mt-4"
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <div className="mt-2 flex flex-wrap gap-1.5">
        {REASONS.map((each) => (
          <button
            key={each}
            type="button"
            onClick={() => setReason(each)}
            className="rounded-full border bg-surface px-2.5 py-1 text-muted text-xs hover:border-line-strong hover:text-ink"
          >
            {each}
          </button>
        ))}
      </div>
      {isApiError(book.error, "VERSION_CONFLICT") ? (
        <p role="alert" className="mt-4 rounded-xl bg-warning-soft px-4 py-3 text-sm text-warning">
          The order changed meanwhile. Check the lines, then record the return again.
        </p>
      ) : (
        <ErrorNote error={book.error} className="mt-4" />
      )}
    </Dialog>
  );
}
