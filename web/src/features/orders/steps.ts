import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, dataOf, ifMatch } from "@/api/client";
import type { Order } from "@/api/types";
import { toast } from "@/components/ui/toast";
import { type Board, movedOn } from "./board";

export const BOARD = ["admin", "orders", "board"] as const;

/** The version of an order that is shown where it will be: its next step waits for the server's answer. */
export const UNANSWERED = -1;

/** Packs or delivers: the board shows it at once, and takes it back where the server refuses. */
export function useOrderStep() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ order, to }: { order: Order; to: "PACKED" | "DELIVERED" }) => {
      const given = { params: { path: { id: order.id } }, body: {}, headers: ifMatch(order.version) };
      return to === "PACKED"
        ? dataOf(api.POST("/orders/{id}/pack", given))
        : dataOf(api.POST("/orders/{id}/deliver", given));
    },
    onMutate: async ({ order, to }) => {
      await client.cancelQueries({ queryKey: BOARD });
      const before = client.getQueriesData<Board>({ queryKey: BOARD });
      client.setQueriesData<Board>(
        { queryKey: BOARD, predicate: ({ queryKey }) => queryKey[3] === to },
        (board) => movedOn(board, order, { ...order, status: to, version: UNANSWERED }),
      );
      client.setQueriesData<Board>(
        { queryKey: BOARD, predicate: ({ queryKey }) => queryKey[3] !== to },
        (board) => movedOn(board, order, null),
      );
      return { before };
    },
    onSuccess: (order, { to }) => {
      client.setQueryData(["orders", "one", order.id], order);
      client.setQueriesData<Board>(
        { queryKey: BOARD, predicate: ({ queryKey }) => queryKey[3] === to },
        (board) => movedOn(board, order, order),
      );
      toast.success(to === "PACKED" ? `${order.number} is packed` : `${order.number} is delivered`);
    },
    onError: (error, _, context) => {
      for (const [key, board] of context?.before ?? []) client.setQueryData(key, board);
      toast.error(error);
    },
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["admin"] }),
        client.invalidateQueries({ queryKey: ["orders"] }),
      ]),
  });
}
