import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { conflictingState, isApiError } from "@/api/errors";
import type { Order } from "@/api/types";
import { Button } from "@/components/ui/button";
import { CancelButton, Dialog } from "@/components/ui/dialog";
import { TextAreaField } from "@/components/ui/field";
import { ErrorNote } from "@/components/ui/states";
import { toast } from "@/components/ui/toast";
import { useUnsaved } from "@/lib/unsaved";
import { cancelOrder } from "./queries";
import { statusLabel } from "./status";

/** Cancels an order with a reason; if its status changed meanwhile, one decides again. */
export function CancelOrderDialog({
  order,
  onClose,
  staff = false,
}: {
  order: Order;
  onClose: () => void;
  /** The shop cancels, not the buyer: the buyer is mailed. */
  staff?: boolean;
}) {
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const cancel = useMutation({
    mutationFn: () => cancelOrder(order, reason.trim()),
    onSuccess: (cancelled) => {
      queryClient.setQueryData(["orders", "one", order.id], cancelled);
      toast.success(staff ? `Order ${order.number} is cancelled` : "Your order is cancelled", {
        description: "Its units are available again.",
      });
      onClose();
    },
    onError: (error) => {
      // Its status changed meanwhile: show it, and let the buyer decide again.
      const current = conflictingState<Order>(error);
      if (current) queryClient.setQueryData(["orders", "one", order.id], current);
      else void queryClient.invalidateQueries({ queryKey: ["orders", "one", order.id] });
    },
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ["orders", "own"] });
      if (staff) void queryClient.invalidateQueries({ queryKey: ["admin"] });
      void queryClient.invalidateQueries({ queryKey: ["goods"] });
    },
  });
  useUnsaved(() => Boolean(reason.trim()) && !cancel.isPending);
  const moved = isApiError(cancel.error, "VERSION_CONFLICT");
  return (
    <Dialog
      open
      onClose={onClose}
      title="Cancel this order?"
      description={
        staff
          ? "The units become available again, and the customer gets an e-mail."
          : "The units become available to others again."
      }
      footer={
        <>
          <CancelButton>Keep it</CancelButton>
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
          The order has changed: it is {statusLabel(order.status).toLowerCase()} now. Cancel it still?
        </p>
      ) : (
        <ErrorNote error={cancel.error} className="mt-4" />
      )}
    </Dialog>
  );
}
