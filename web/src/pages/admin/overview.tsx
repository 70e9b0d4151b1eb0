import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { Page } from "@/components/layout/page";
import { Select } from "@/components/ui/field";
import { ErrorNote, ErrorState } from "@/components/ui/states";
import { Card, PageHeader, Skeleton } from "@/components/ui/surfaces";
import { LowStock, ToShip } from "@/features/admin/waiting";
import { LiveBadge } from "@/features/live/live-badge";
import { ChartCard } from "@/features/reports/chart-card";
import { knownShare, marginInWords } from "@/features/reports/margin";
import {
  SPANS,
  type Span,
  sales,
  stockHistory,
  stockValue,
  summary,
  topProducts,
} from "@/features/reports/queries";
import {
  type Amount,
  amountIn,
  currenciesOf,
  inAndOut,
  type Measure,
  pointsOf,
  sentenceOf,
} from "@/features/reports/series";
import { cn } from "@/lib/cn";
import { counted, formatCount } from "@/lib/count";
import { formatMoney, formatMoneyBriefly } from "@/lib/money";
import { SteadyGroup } from "@/lib/use-steady";
import { addressOf, adminPages } from "./page-table";

/** How the shop does today, and what waits for somebody. It follows the shop as it goes. */
export function Overview() {
  const [span, setSpan] = useState<Span>("30 days");
  return (
    <Page title="Overview" className="flex flex-col gap-8 sm:gap-10">
      <div>
        <PageHeader title="Overview" description={<Today />} actions={<LiveBadge />} />
        <Figures />
      </div>
      <div className="grid gap-4 xl:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <SalesChart span={span} onSpan={setSpan} />
        <TopProducts span={span} />
      </div>
      <SteadyGroup className="flex flex-col gap-8 sm:gap-10">
        <ToShip all={<AllOf path="orders" label="All orders" />} />
        <LowStock all={<AllOf path="low-stock" label="All products low on stock" />} />
      </SteadyGroup>
      <div className="grid gap-4 xl:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <MovesChart span={span} />
        <StockValue />
      </div>
    </Page>
  );
}

function AllOf({ path, label }: { path: string; label: string }) {
  const page = adminPages.find((each) => each.path === path);
  if (!page) return null;
  return (
    <Link to={addressOf(page)} className="font-medium text-brand-text text-sm hover:underline">
      {label}
    </Link>
  );
}

function Today() {
  return <>{new Intl.DateTimeFormat(undefined, { dateStyle: "full" }).format(new Date())}</>;
}

// ---- figures ---------------------------------------------------------------------------------------

function Figures() {
  const found = useQuery(summary());
  const worth = useQuery(stockValue());
  const now = found.data;
  if (found.isError && !now) return <ErrorState error={found.error} onRetry={() => found.refetch()} />;
  const waiting = now && now.openOrders.pending + now.openOrders.confirmed + now.openOrders.packed;
  return (
    <dl className="grid grid-cols-2 gap-3 sm:gap-4 md:grid-cols-4">
      <Figure
        label="Revenue today"
        note={
          now && (
            <>
              {now.today.margin.length > 0 && <>Margin {marginInWords(now.today.margin)} · </>}
              Yesterday {inWords(now.yesterday.revenue)}
            </>
          )
        }
      >
        {now && <Amounts amounts={now.today.revenue} />}
      </Figure>
      <Figure
        label="Orders today"
        note={
          now &&
          `Yesterday ${formatCount(now.yesterday.orders)}${now.today.cancelledOrders ? ` · ${formatCount(now.today.cancelledOrders)} cancelled` : ""}`
        }
      >
        {now && formatCount(now.today.orders)}
      </Figure>
      <Figure label="Units sold today" note={now && `Yesterday ${formatCount(now.yesterday.units)}`}>
        {now && formatCount(now.today.units)}
      </Figure>
      <Figure label="Till sales today" note={now && `Yesterday ${formatCount(now.yesterday.sales)}`}>
        {now && formatCount(now.today.sales)}
      </Figure>
      <Figure
        label="Open orders"
        note={
          now &&
          `${formatCount(now.openOrders.confirmed)} to pack · ${formatCount(now.openOrders.packed)} to deliver`
        }
      >
        {now && formatCount(waiting ?? 0)}
      </Figure>
      <Figure
        label="Stock value"
        note={
          worth.data &&
          `${counted(worth.data.total.units, "unit")} at today's prices${worth.data.total.cost.length ? ` · ${inWords(worth.data.total.cost)} at cost` : ""}`
        }
      >
        {worth.data && <Amounts amounts={worth.data.total.value} />}
      </Figure>
      <Figure
        label="Low on stock"
        tone={now && now.inventory.outOfStock > 0 ? "warning" : undefined}
        note={now && outOfStock(now.inventory.outOfStock)}
      >
        {now && formatCount(now.inventory.lowStock)}
      </Figure>
      <Figure
        label="Dead letters"
        tone={now && now.deadLetters > 0 ? "danger" : undefined}
        note={
          now &&
          (now.deadLetters ? (
            <Link to="/admin/dead-letters" className="font-medium text-brand-text hover:underline">
              See what failed
            </Link>
          ) : now.waitingRetries ? (
            `${formatCount(now.waitingRetries)} tried again soon`
          ) : (
            "Everything was handled"
          ))
        }
      >
        {now && formatCount(now.deadLetters)}
      </Figure>
    </dl>
  );
}

function outOfStock(products: number): string {
  if (!products) return "Nothing is out of stock";
  return `${formatCount(products)} more ${products === 1 ? "is" : "are"} out of stock`;
}

/** Its room is the same before and after its value is there. */
function Figure({
  label,
  note,
  tone,
  children,
}: {
  label: string;
  note: ReactNode;
  tone?: "warning" | "danger" | undefined;
  children: ReactNode;
}) {
  const known = children !== undefined && children !== null;
  return (
    <Card className="@container flex min-w-0 flex-col gap-1 p-4 sm:p-5">
      <dt className="text-muted text-sm">{label}</dt>
      <dd
        className={cn(
          "min-h-8 font-semibold text-[clamp(0.9rem,12cqw,1.5rem)] tabular-nums leading-8",
          tone === "danger" && "text-danger",
          tone === "warning" && "text-warning",
        )}
      >
        {known ? children : <Skeleton className="h-8 w-20" />}
      </dd>
      <dd className="min-h-15 text-muted text-sm sm:min-h-10">{known ? note : null}</dd>
    </Card>
  );
}

/** Amounts of several currencies stand below each other, and are never summed. */
function Amounts({ amounts }: { amounts: readonly Amount[] }) {
  if (!amounts.length) return <>0</>;
  return (
    <span className="flex flex-col">
      {amounts.map(({ currency, amount }) => (
        <span key={currency} className="truncate" title={formatMoney(amount, currency)}>
          {formatMoney(amount, currency)}
        </span>
      ))}
    </span>
  );
}

function inWords(amounts: readonly Amount[]): string {
  return amounts.map(({ currency, amount }) => formatMoney(amount, currency)).join(" and ") || "0";
}

// ---- sales -----------------------------------------------------------------------------------------

function SalesChart({ span, onSpan }: { span: Span; onSpan: (span: Span) => void }) {
  const found = useQuery(sales(span));
  const [chosen, setChosen] = useState("");
  const currencies = currenciesOf(found.data ? [found.data.total] : []);
  const measure = measureOf(chosen, currencies);
  const points = found.data && pointsOf(found.data.items, measure);
  const show = (value: number, brief = false) => showValue(value, measure, brief);
  const weekly = SPANS[span].by === "week";
  const known = measure.kind === "margin" && found.data ? knownShare(found.data.total.margin) : null;
  const partly =
    known !== null && known < 100 ? ` The cost of ${String(known)} % of the revenue is known.` : "";
  return (
    <ChartCard
      title="Sales over time"
      sentence={points && `${sentenceOf(points, show, weekly)}${partly}`}
      weekly={weekly}
      rows={points}
      series={[{ key: "value", label: labelOf(measure, currencies), color: "var(--chart-1)" }]}
      show={show}
      failed={found.isError && !found.data ? <ErrorNote error={found.error} className="mt-4" /> : undefined}
      controls={
        <>
          <Select
            aria-label="What to show"
            value={chosen}
            onChange={(event) => setChosen(event.target.value)}
          >
            {(currencies.length ? currencies : [""]).map((currency, index) => (
              <option key={currency} value={index === 0 ? "" : currency}>
                {labelOf({ kind: "revenue", currency }, currencies)}
              </option>
            ))}
            {found.data?.total.margin.map(({ currency }) => (
              <option key={currency} value={`${MARGIN_IN}${currency}`}>
                {labelOf({ kind: "margin", currency }, currencies)}
              </option>
            ))}
            <option value="units">Units</option>
            <option value="orders">Orders and sales</option>
          </Select>
          <Select
            aria-label="Time span"
            value={span}
            onChange={(event) => onSpan(event.target.value as Span)}
          >
            {Object.keys(SPANS).map((each) => (
              <option key={each}>{each}</option>
            ))}
          </Select>
        </>
      }
    />
  );
}

const MARGIN_IN = "margin ";

function measureOf(chosen: string, currencies: readonly string[]): Measure {
  if (chosen.startsWith(MARGIN_IN)) return { kind: "margin", currency: chosen.slice(MARGIN_IN.length) };
  if (chosen === "units" || chosen === "orders") return { kind: chosen };
  return { kind: "revenue", currency: chosen || currencies[0] || "" };
}

function labelOf(measure: Measure, currencies: readonly string[]): string {
  if ("currency" in measure) {
    const name = measure.kind === "margin" ? "Margin" : "Revenue";
    return currencies.length > 1 ? `${name}, ${measure.currency}` : name;
  }
  return measure.kind === "units" ? "Units" : "Orders and sales";
}

function showValue(value: number, measure: Measure, brief: boolean): string {
  if (!("currency" in measure) || !measure.currency) return formatCount(value);
  return brief ? formatMoneyBriefly(value, measure.currency) : formatMoney(value, measure.currency);
}

function TopProducts({ span }: { span: Span }) {
  const found = useQuery(topProducts(span));
  const most = found.data?.items[0]?.units ?? 1;
  return (
    <Card className="p-4 sm:p-6">
      <section aria-labelledby="top-products">
        <h2 id="top-products" className="font-semibold text-lg">
          Top products
        </h2>
        <p className="text-muted text-sm">Margin and units sold in {span}</p>
        {found.isError && !found.data ? (
          <ErrorNote error={found.error} className="mt-4" />
        ) : (
          <ol className="mt-4 flex min-h-96 flex-col gap-3">
            {found.isPending &&
              [1, 2, 3, 4, 5, 6, 7, 8].map((each) => <Skeleton key={each} className="h-9" />)}
            {found.data?.items.map((each) => (
              <li key={each.productId}>
                <div className="flex items-baseline justify-between gap-3 text-sm">
                  <Link
                    to={`/products/${encodeURIComponent(each.productId)}`}
                    className="min-w-0 truncate font-medium hover:underline"
                  >
                    {each.name}
                  </Link>
                  <span className="shrink-0 tabular-nums" title={inWords(each.revenue)}>
                    {each.margin.length > 0 && (
                      <span className="mr-3 text-muted">{marginInWords(each.margin)}</span>
                    )}
                    {formatCount(each.units)}
                  </span>
                </div>
                <Share part={each.units / most} />
              </li>
            ))}
            {found.data?.items.length === 0 && (
              <li className="text-muted text-sm">Nothing was sold in these days. Sales show here at once.</li>
            )}
          </ol>
        )}
      </section>
    </Card>
  );
}

/** How much of the most it is; the number beside it says the same. */
function Share({ part, color = "var(--chart-1)" }: { part: number; color?: string }) {
  return (
    <svg
      aria-hidden
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      className="mt-1.5 h-1.5 w-full rounded-full"
    >
      <rect width="100" height="4" fill="var(--neutral-soft)" />
      <rect width={Math.max(0, Math.min(100, 100 * part))} height="4" fill={color} />
    </svg>
  );
}

// ---- stock -----------------------------------------------------------------------------------------

function MovesChart({ span }: { span: Span }) {
  const found = useQuery(stockHistory(span));
  const rows = found.data?.items.map(inAndOut);
  const sum = (key: "came" | "went") => (rows ?? []).reduce((all, row) => all + row[key], 0);
  return (
    <ChartCard
      title="Stock in and out"
      sentence={rows && `${counted(sum("came"), "unit")} came, ${formatCount(sum("went"))} went in ${span}.`}
      weekly={SPANS[span].by === "week"}
      rows={rows}
      series={[
        { key: "came", label: "Came in", color: "var(--chart-3)" },
        { key: "went", label: "Went out", color: "var(--chart-2)" },
      ]}
      show={formatCount}
      failed={found.isError && !found.data ? <ErrorNote error={found.error} className="mt-4" /> : undefined}
    />
  );
}

function StockValue() {
  const found = useQuery(stockValue());
  const [currency] = currenciesOf(found.data ? [{ revenue: found.data.total.value }] : []);
  const rows = (found.data?.categories ?? [])
    .filter(({ units }) => units > 0)
    .sort((one, other) => amountIn(other.value, currency ?? "") - amountIn(one.value, currency ?? ""));
  const most = Math.max(1, ...rows.map(({ value }) => amountIn(value, currency ?? "")));
  return (
    <Card className="p-4 sm:p-6">
      <section aria-labelledby="stock-value">
        <h2 id="stock-value" className="font-semibold text-lg">
          Stock value
        </h2>
        <p className="text-muted text-sm">By category, at today's selling prices</p>
        {found.isPending && <Skeleton className="h-5 w-48" />}
        {found.data && found.data.total.cost.length > 0 && (
          <p className="text-muted text-sm">
            {inWords(found.data.total.cost)} at cost
            {found.data.total.uncosted > 0 &&
              `; ${counted(found.data.total.uncosted, "unit")} without a cost`}
          </p>
        )}
        {found.isError && !found.data ? (
          <ErrorNote error={found.error} className="mt-4" />
        ) : (
          <ul className="mt-4 flex min-h-116 flex-col gap-3">
            {found.isPending && [1, 2, 3, 4, 5, 6, 7].map((each) => <Skeleton key={each} className="h-14" />)}
            {rows.map((each) => (
              <li key={each.category}>
                <div className="flex items-baseline justify-between gap-3 text-sm">
                  <span className="min-w-0 truncate font-medium capitalize">{each.category}</span>
                  <span className="shrink-0 tabular-nums" title={counted(each.units, "unit")}>
                    {inWords(each.value)}
                  </span>
                </div>
                <Share part={amountIn(each.value, currency ?? "") / most} color="var(--chart-3)" />
                {each.cost.length > 0 && (
                  <p className="mt-1 text-right text-muted text-xs tabular-nums">
                    {inWords(each.cost)} at cost
                  </p>
                )}
              </li>
            ))}
            {found.data && rows.length === 0 && (
              <li className="text-muted text-sm">
                There is no stock. When you restock products, their value is shown here.
              </li>
            )}
          </ul>
        )}
      </section>
    </Card>
  );
}
