import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, dataOf, ifMatch, newKey, sentBy } from "@/api/client";
import type { Schemas } from "@/api/types";
import { toast } from "@/components/ui/toast";
import { formatCount } from "@/lib/count";
import { type ChangeForm, type ChangeKind, changed, deltasOf, parseWhole } from "./change";
import { useLocations } from "./locations";
import { ADMIN, type InventoryRow, stockChanged } from "./queries";
import { stockIdOf } from "./rows";

type StockChange = Schemas["StockChangeView"];

interface Change {
  kind: ChangeKind;
  row: Pick<InventoryRow, "productId" | "variantId" | "name" | "version"> & Parameters<typeof deltasOf>[1];
  form: ChangeForm;
}

function send({ kind, row, form }: Change, sender: string): Promise<StockChange> {
  const quantity = parseWhole(form.quantity) ?? 0;
  const { location, to } = form;
  const reason = form.reason.trim();
  // A variant's id is taken wherever a product's is.
  const params = { productId: stockIdOf(row) };
  if (kind === "transfer") {
    const body = { ...params, quantity, from: location, to, reason };
    return dataOf(api.POST("/inventory/transfer", { body, fetch: sentBy(sender) }));
  }
  if (kind === "count") {
    // What was counted is true for the stock as it was seen: a change in between is shown first.
    const body = { ...params, quantity, location, reason };
    return dataOf(api.PUT("/stock", { body, headers: ifMatch(row.version), fetch: sentBy(sender) }));
  }
  const type = kind === "restock" ? "RESTOCK" : "ADJUSTMENT";
  return dataOf(
    api.PATCH("/inventory/product/{productId}/stock", {
      params: { path: params },
      body: { quantity, type, location, reason },
      fetch: sentBy(sender),
    }),
  );
}

/** Takes a change back by its opposite, which is in the ledger too. */
async function takeBack(change: Change, deltas: ReadonlyMap<string, number>): Promise<void> {
  const productId = stockIdOf(change.row);
  const reason = `Undone: ${change.form.reason.trim()}`;
  const form = newKey();
  if (change.kind === "transfer") {
    const quantity = parseWhole(change.form.quantity) ?? 0;
    const { location: to, to: from } = change.form;
    await dataOf(
      api.POST("/inventory/transfer", {
        body: { productId, quantity, from, to, reason },
        fetch: sentBy(form),
      }),
    );
    return;
  }
  for (const [location, delta] of deltas) {
    await dataOf(
      api.PATCH("/inventory/product/{productId}/stock", {
        params: { path: { productId } },
        body: { quantity: -delta, type: "ADJUSTMENT", location, reason },
        fetch: sentBy(form),
      }),
    );
  }
}

function describeChange(
  { kind, row, form }: Change,
  deltas: ReadonlyMap<string, number>,
  nameOf: (location: string) => string,
): string {
  const units = parseWhole(form.quantity) ?? 0;
  if (kind === "restock") return `${formatCount(units)} × ${row.name} booked in`;
  if (kind === "transfer") return `${formatCount(units)} × ${row.name} moved to ${nameOf(form.to)}`;
  if (kind === "count") {
    return deltas.get(form.location) === 0
      ? `${row.name}: the count agrees`
      : `${row.name} counted: ${formatCount(units)}`;
  }
  return `${row.name}: ${units > 0 ? "+" : "−"}${formatCount(Math.abs(units))}`;
}

interface Page {
  items: InventoryRow[];
}

/**
 * Changes stock: the lists show it at once, and take it back where the server refuses. Each form or
 * button has its own: what the next one books is another delivery, though it reads the same.
 */
export function useStockChange() {
  const client = useQueryClient();
  const { nameOf } = useLocations();
  const [sender] = useState(newKey);
  const lists = { queryKey: [ADMIN, "inventory", "page"] };
  return useMutation({
    mutationFn: (change: Change) => send(change, sender),
    onMutate: async (change) => {
      await client.cancelQueries(lists);
      const before = client.getQueriesData<Page>(lists);
      const deltas = deltasOf(change.kind, change.row, change.form) ?? new Map<string, number>();
      client.setQueriesData<Page>(lists, (page) =>
        page
          ? {
              ...page,
              items: page.items.map((row) =>
                stockIdOf(row) === stockIdOf(change.row) ? changed(row, deltas) : row,
              ),
            }
          : page,
      );
      return { before, deltas };
    },
    onSuccess: (_, change, { deltas }) => {
      const moved = [...deltas.values()].some((delta) => delta !== 0);
      toast.success(describeChange(change, deltas, nameOf), {
        ...(moved && {
          action: {
            label: "Undo",
            run: () =>
              takeBack(change, deltas)
                .then(() => toast.info("The change is undone"), toast.error)
                .then(() => stockChanged(client)),
          },
        }),
      });
    },
    onError: (_error, _change, context) => {
      for (const [key, page] of context?.before ?? []) client.setQueryData(key, page);
    },
    onSettled: () => stockChanged(client),
  });
}
