import { useQuery } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { Link } from "react-router";
import { Sheet } from "@/components/ui/dialog";
import { ErrorState } from "@/components/ui/states";
import { Skeleton } from "@/components/ui/surfaces";
import { Time } from "@/components/ui/values";
import { OrderStatusBadge, shortId } from "@/features/orders/status";
import { formatCount } from "@/lib/count";
import { useLocations } from "./locations";
import { explanation } from "./queries";
import { TimeLeft } from "./time-left";

/** Explains the available quantity: the stock, less the units that reservations and orders hold. */
export function WhySheet({
  stockId,
  name,
  onClose,
}: {
  /** A product's id, or a variant's own. */
  stockId: string;
  name: string;
  onClose: () => void;
}) {
  const why = useQuery(explanation(stockId));
  const { nameOf } = useLocations();
  const explained = why.data;
  return (
    <Sheet
      open
      onClose={onClose}
      title={
        explained
          ? `Why ${explained.availableStock === 1 ? "is" : "are"} ${formatCount(explained.availableStock)} available?`
          : "Available stock"
      }
      description={name}
      size="md"
    >
      {why.isError && !explained ? (
        <ErrorState error={why.error} onRetry={() => why.refetch()} />
      ) : !explained ? (
        <div className="flex flex-col gap-4">
          <Skeleton className="h-24 rounded-2xl" />
          <Skeleton className="h-40 rounded-2xl" />
        </div>
      ) : (
        <div className="flex flex-col gap-8">
          <dl className="grid grid-cols-[1fr_auto_1fr_auto_1fr] items-center rounded-2xl bg-sunken px-3 py-5 text-center">
            <Sum label="in stock" value={explained.totalStock} />
            <span aria-hidden className="text-muted text-xl">
              −
            </span>
            <Sum label="reserved" value={explained.reservedStock} />
            <span aria-hidden className="text-muted text-xl">
              =
            </span>
            <Sum label="available" value={explained.availableStock} strong />
          </dl>
          <section>
            <h3 className="font-semibold">Reserved for</h3>
            {explained.holds.length === 0 ? (
              <p className="mt-2 flex items-center gap-2 text-muted text-sm">
                <CircleCheck aria-hidden className="size-4" /> Nobody: all units are available.
              </p>
            ) : (
              <ul className="mt-2 divide-y border-y text-sm">
                {explained.holds.map((hold) => (
                  <li key={hold.id} className="flex items-center gap-4 py-3">
                    <span className="w-10 shrink-0 text-right font-semibold text-base tabular-nums">
                      {formatCount(hold.quantity)}
                    </span>
                    <div className="min-w-0 flex-1">
                      {hold.kind === "order" ? (
                        <Link
                          to={`/admin/orders/${encodeURIComponent(hold.id)}`}
                          className="rounded font-medium hover:underline"
                        >
                          Order {hold.number}
                        </Link>
                      ) : (
                        <Link to="/admin/reservations" className="rounded font-medium hover:underline">
                          Reservation {shortId(hold.id)}
                        </Link>
                      )}
                      <p className="text-muted">
                        <Time value={hold.createdAt} />
                        {" · "}
                        {Object.keys(hold.locations).map(nameOf).join(", ")}
                      </p>
                    </div>
                    {hold.kind === "order" ? (
                      <OrderStatusBadge status={hold.status} />
                    ) : (
                      hold.expiresAt && <TimeLeft until={hold.expiresAt} />
                    )}
                  </li>
                ))}
              </ul>
            )}
          </section>
          <section>
            <h3 className="font-semibold">By location</h3>
            <table className="mt-2 w-full text-sm">
              <thead className="text-muted">
                <tr className="border-b">
                  <th scope="col" className="py-2 text-left font-medium">
                    Location
                  </th>
                  <th scope="col" className="py-2 text-right font-medium">
                    Total
                  </th>
                  <th scope="col" className="py-2 text-right font-medium">
                    Reserved
                  </th>
                  <th scope="col" className="py-2 text-right font-medium">
                    Available
                  </th>
                </tr>
              </thead>
              <tbody className="divide-y">
                {explained.locations.map((level) => (
                  <tr key={level.location} className="tabular-nums">
                    <th scope="row" className="py-2.5 text-left font-normal">
                      {nameOf(level.location)}
                    </th>
                    <td className="text-right">{formatCount(level.totalStock)}</td>
                    <td className="text-right">{formatCount(level.reservedStock)}</td>
                    <td className="text-right font-medium">{formatCount(level.availableStock)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </div>
      )}
    </Sheet>
  );
}

function Sum({ label, value, strong = false }: { label: string; value: number; strong?: boolean }) {
  return (
    <div className="flex flex-col-reverse">
      <dt className="text-muted text-xs">{label}</dt>
      <dd
        className={
          strong
            ? "font-semibold text-2xl text-brand-text tabular-nums"
            : "font-semibold text-2xl tabular-nums"
        }
      >
        {formatCount(value)}
      </dd>
    </div>
  );
}
