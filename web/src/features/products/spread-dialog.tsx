import { useMutation, useQuery } from "@tanstack/react-query";
import { Equal, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { api, dataOf } from "@/api/client";
import { isApiError } from "@/api/errors";
import type { Product } from "@/api/types";
import { Button } from "@/components/ui/button";
import { CancelButton, Dialog } from "@/components/ui/dialog";
import { Input } from "@/components/ui/field";
import { ErrorNote, ErrorState } from "@/components/ui/states";
import { Skeleton } from "@/components/ui/surfaces";
import { toast } from "@/components/ui/toast";
import { Swatch } from "@/features/catalog/card";
import { choicesOf, describeOptions } from "@/features/catalog/options";
import { combinations, suggestedSku } from "@/features/catalog/variants";
import { shortId } from "@/features/orders/status";
import { useLocations } from "@/features/stock/locations";
import { counted, formatCount } from "@/lib/count";
import { useUnsaved } from "@/lib/unsaved";
import { evenly, type Level, leftAt, type Shares, shareOf, spreadBody, withShare } from "./spreading";
import { rowKey } from "./variant-rows";

/** Gives each variant of a product its part of the stock that they share, to the unit. */
export function SpreadDialog({
  product,
  onDone,
  onClose,
}: {
  product: Product;
  onDone: (product: Product) => void;
  onClose: () => void;
}) {
  const stock = useQuery({
    queryKey: ["product form", product.id, "stock"],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET("/inventory/product/{productId}", { params: { path: { productId: product.id } }, signal }),
      ),
    staleTime: 0,
    gcTime: 0,
  });
  const { nameOf } = useLocations();
  const every = combinations(choicesOf(product.options));
  const [leftOut, setLeftOut] = useState<ReadonlySet<string>>(new Set());
  const [shares, setShares] = useState<Shares>({});
  const [skus, setSkus] = useState<Record<string, string>>({});
  const rows = every.filter((options) => !leftOut.has(rowKey(options)));
  const levels: Level[] = (stock.data?.locations ?? [])
    .map(({ location, availableStock }) => ({ location, available: availableStock }))
    .filter(({ available }, index) => available > 0 || index === 0);
  const left = levels.map((level) => leftAt(rows, level, shares));
  const isWhole = left.every((units) => units === 0);
  const send = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST("/products/{id}/variants/spread", {
          params: { path: { id: product.id } },
          body: { variants: spreadBody(rows, levels, shares, skus) },
        }),
      ),
    onSuccess: (now) => {
      toast.success(`Each variant of ${product.name} has stock of its own now`);
      onDone(now);
      onClose();
    },
    // Units may have been sold meanwhile.
    onError: () => stock.refetch(),
  });
  useUnsaved(() => Object.keys(shares).length > 0 && !send.isPending && !send.isSuccess);
  return (
    <Dialog
      open
      onClose={onClose}
      size="lg"
      title="Give each variant its own stock"
      description={`How many of ${product.name} are of which kind? Count them, and give all units out. This cannot be undone.`}
      footer={
        <>
          <CancelButton>Cancel</CancelButton>
          <Button disabled={!isWhole || !stock.data} busy={send.isPending} onClick={() => send.mutate()}>
            Give out the stock
          </Button>
        </>
      }
    >
      {stock.isError && !stock.data ? (
        <ErrorState error={stock.error} onRetry={() => stock.refetch()} />
      ) : !stock.data ? (
        <Skeleton className="h-48 rounded-2xl" />
      ) : (
        <div className="flex flex-col gap-4">
          <div className="flex flex-wrap items-center justify-between gap-3 rounded-xl bg-sunken px-4 py-3 text-sm">
            <ul aria-live="polite" className="flex flex-col gap-1">
              {levels.map((level, index) => (
                <li key={level.location}>
                  {levels.length > 1 && <span className="text-muted">{nameOf(level.location)}: </span>}
                  <Left level={level} left={left[index] ?? null} />
                </li>
              ))}
            </ul>
            <Button variant="secondary" size="sm" onClick={() => setShares(evenly(rows, levels))}>
              <Equal aria-hidden className="size-3.5" /> Same for all
            </Button>
          </div>
          <ul aria-label="Variants" className="divide-y border-y">
            {rows.map((options) => {
              const name = describeOptions(options);
              return (
                <li key={rowKey(options)} className="flex flex-wrap items-end gap-x-3 gap-y-2 py-3">
                  <p className="flex min-h-9 min-w-36 flex-1 items-center gap-2 font-medium text-sm max-sm:basis-full">
                    {Object.values(options).map((value) => (
                      <Swatch key={value} color={value} />
                    ))}
                    <span className="break-words">{name}</span>
                  </p>
                  <div className="flex min-w-36 flex-1 flex-col gap-1 text-muted text-xs">
                    <span aria-hidden>SKU</span>
                    <Input
                      aria-label={`SKU of ${name}`}
                      placeholder={suggestedSku(product.sku, options)}
                      value={skus[rowKey(options)] ?? ""}
                      onChange={({ target }) => setSkus({ ...skus, [rowKey(options)]: target.value })}
                    />
                  </div>
                  {levels.map(({ location }) => (
                    <div key={location} className="flex w-24 flex-col gap-1 text-muted text-xs">
                      <span aria-hidden className="truncate">
                        {levels.length > 1 ? nameOf(location) : "Units"}
                      </span>
                      <Input
                        aria-label={`Units of ${name}${levels.length > 1 ? ` at ${nameOf(location)}` : ""}`}
                        inputMode="numeric"
                        autoComplete="off"
                        placeholder="0"
                        className="text-right tabular-nums"
                        value={shareOf(shares, options, location)}
                        onChange={({ target }) =>
                          setShares(withShare(shares, options, location, target.value))
                        }
                      />
                    </div>
                  ))}
                  <Button
                    variant="ghost"
                    size="icon"
                    aria-label={`Leave out ${name}`}
                    disabled={rows.length === 1}
                    onClick={() => setLeftOut(new Set([...leftOut, rowKey(options)]))}
                  >
                    <Trash2 aria-hidden className="size-4" />
                  </Button>
                </li>
              );
            })}
          </ul>
          {leftOut.size > 0 && (
            <Button variant="ghost" size="sm" className="self-start" onClick={() => setLeftOut(new Set())}>
              Bring back {counted(leftOut.size, "combination")}
            </Button>
          )}
          {stock.data.reservedStock > 0 && !send.error && (
            <p className="rounded-xl bg-warning-soft px-4 py-3 text-sm text-warning">
              {counted(stock.data.reservedStock, "unit")} of it{" "}
              {stock.data.reservedStock === 1 ? "is" : "are"} reserved. Confirm or cancel those orders and
              reservations first.
            </p>
          )}
          <Refused error={send.error} />
        </div>
      )}
    </Dialog>
  );
}

function Left({ level, left }: { level: Level; left: number | null }) {
  const all = counted(level.available, "unit");
  if (left === null) return <span className="text-danger">Enter whole numbers</span>;
  if (left < 0) {
    return (
      <span className="font-medium text-danger">
        {formatCount(-left)} too many: there {level.available === 1 ? "is" : "are"} {all}
      </span>
    );
  }
  return left === 0 ? (
    <span className="font-medium text-success">All {all} given out</span>
  ) : (
    <span className="font-medium">
      {formatCount(left)} of {all} left to give out
    </span>
  );
}

/** Why the stock could not be spread, with the orders that stand in the way. */
function Refused({ error }: { error: unknown }) {
  const details = isApiError(error, "CONFLICT") ? error.details : null;
  const { orders = [], reservations = [] } = (details ?? {}) as {
    orders?: string[];
    reservations?: string[];
  };
  return (
    <div>
      <ErrorNote error={error} />
      {orders.length + reservations.length > 0 && (
        <div className="mt-2 text-sm">
          <ul className="flex flex-wrap gap-x-4 gap-y-1">
            {orders.map((id) => (
              <li key={id}>
                <Link to={`/admin/orders/${encodeURIComponent(id)}`} className="rounded underline">
                  Order {shortId(id)}
                </Link>
              </li>
            ))}
            {reservations.map((id) => (
              <li key={id}>
                <Link to="/admin/reservations" className="rounded underline">
                  Reservation {shortId(id)}
                </Link>
              </li>
            ))}
          </ul>
          <p className="mt-2 text-muted">
            While many people buy it, switch off “For sale” for a minute, and try again.
          </p>
        </div>
      )}
    </div>
  );
}
