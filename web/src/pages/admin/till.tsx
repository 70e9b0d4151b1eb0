import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Camera, CircleCheck, Printer, ScanBarcode, Search, Trash2 } from "lucide-react";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { Link } from "react-router";
import { api, dataOf, newKey, sentBy } from "@/api/client";
import { shortages } from "@/api/errors";
import type { Schemas } from "@/api/types";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Input, SelectField } from "@/components/ui/field";
import { Quantity } from "@/components/ui/quantity";
import { EmptyState, ErrorNote } from "@/components/ui/states";
import { Badge, Card, Kbd, PageHeader } from "@/components/ui/surfaces";
import { toast } from "@/components/ui/toast";
import { Money, Time } from "@/components/ui/values";
import { ProductPicture } from "@/features/catalog/art";
import { LineOptions } from "@/features/catalog/line-options";
import { lineTitle } from "@/features/catalog/options";
import { shortId } from "@/features/orders/status";
import { shopCurrency } from "@/features/products/queries";
import { findByCode, reportScan } from "@/features/scan/find";
import { useScans } from "@/features/scan/use-scans";
import { useShopName } from "@/features/shop/shop";
import { useLocations } from "@/features/stock/locations";
import { stockChanged } from "@/features/stock/queries";
import {
  type Basket,
  type BasketLine,
  currencyOf,
  type Goods,
  idOf,
  parseBasket,
  scanned,
  shortOf,
  totalOf,
  unitsIn,
  without,
  withQuantity,
} from "@/features/till/basket";
import { bestOf, goodsIn, goodsOf } from "@/features/till/goods";
import { canUseCamera, ScanDialog } from "@/features/till/scan-dialog";
import { formatCount } from "@/lib/count";
import { tabStorage } from "@/lib/storage";
import { useDebounced } from "@/lib/use-debounced";

type Sale = Schemas["SaleView"];

const FOUND_MAX = 6;
const GOODS_MAX = 12;

/** What is for sale under that name, SKU or barcode. */
function named(search: string) {
  return queryOptions({
    queryKey: ["goods", "till", search],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET("/products", { params: { query: { search, status: "ACTIVE", limit: FOUND_MAX } }, signal }),
      ),
    select: ({ items }) => items.flatMap(goodsOf).slice(0, GOODS_MAX),
  });
}

const BASKET = "stockwright.till";
const LOCATION_KEY = "stockwright.till.location";

/** Sales over the counter: scan or find, check the total, sell. */
export default function Till() {
  const client = useQueryClient();
  const { locations } = useLocations();
  const [basket, setBasket] = useState<Basket>(() => parseBasket(tabStorage.read(BASKET)));
  const [location, setLocation] = useState(() => tabStorage.read(LOCATION_KEY) ?? "");
  const [customer, setCustomer] = useState(newKey);
  const [camera, setCamera] = useState(false);
  const [receipt, setReceipt] = useState<Sale | null>(null);
  const [choice, setChoice] = useState<readonly Goods[]>([]);
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => tabStorage.write(BASKET, basket.length ? JSON.stringify(basket) : null), [basket]);
  // The next customer may want the same: that is another sale.
  useEffect(() => {
    if (!basket.length) setCustomer(newKey());
  }, [basket.length]);
  useEffect(() => tabStorage.write(LOCATION_KEY, location || null), [location]);

  const add = (goods: Goods) => {
    const currency = currencyOf(basket);
    if (currency && currency !== goods.currency)
      toast.error(`${goods.name} is priced in ${goods.currency}; this sale is in ${currency}`);
    else setBasket((now) => scanned(now, goods));
  };
  const scan = useMutation({
    mutationFn: findByCode,
    onSuccess: (found) => {
      const goods = goodsIn(found);
      const [only] = goods;
      if (found.status !== "ACTIVE" || !only) toast.error(`${found.name} is not for sale`);
      else if (goods.length > 1) setChoice(goods);
      else add(only);
    },
    onError: reportScan,
  });
  // The next customer's first product puts the receipt away.
  useScans(
    (code) => {
      setReceipt(null);
      scan.mutate(code);
    },
    { inFields: true },
  );
  const sell = useMutation({
    mutationFn: (sold: Basket) =>
      dataOf(
        api.POST("/sales", {
          fetch: sentBy(customer),
          body: {
            items: sold.map(({ productId, variantId, quantity }) =>
              variantId === undefined ? { productId, quantity } : { variantId, quantity },
            ),
            reference: "Till",
            ...(location && { location: location }),
          },
        }),
      ),
    onSuccess: (sale, sold) => {
      setBasket((now) => without(now, sold));
      setReceipt(sale);
    },
    onError: (error) => {
      // What is short now shows at its line.
      const left = new Map(shortages(error).map((short) => [idOf(short), short.available]));
      setBasket((now) => now.map((line) => ({ ...line, available: left.get(idOf(line)) ?? line.available })));
    },
    onSettled: () =>
      Promise.all([stockChanged(client), client.invalidateQueries({ queryKey: ["admin", "sales"] })]),
  });
  const { data: usual } = useQuery(shopCurrency);
  const currency = currencyOf(basket) ?? usual;
  const isShort = shortOf(basket).length > 0;
  const set = (id: string, quantity: number) => setBasket(withQuantity(basket, id, quantity));

  return (
    <Page title="Till">
      <PageHeader
        title="Till"
        description="Scan anywhere on this page, or find a product by its name."
        actions={
          canUseCamera() && (
            <Button variant="secondary" onClick={() => setCamera(true)}>
              <Camera aria-hidden className="size-4" /> Camera
            </Button>
          )
        }
      />
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <section aria-label="This sale">
          <Finder fieldRef={field} onPick={add} onCode={(code) => scan.mutateAsync(code)} />
          {basket.length === 0 ? (
            <EmptyState icon={ScanBarcode} title="No product scanned yet">
              Scan a product: the scanner works wherever the cursor is. Without a scanner, type a name above.
            </EmptyState>
          ) : (
            <ul className="mt-5 flex flex-col gap-2" aria-live="polite">
              {basket.map((line) => (
                <li key={idOf(line)}>
                  <Line line={line} onChange={(quantity) => set(idOf(line), quantity)} />
                </li>
              ))}
            </ul>
          )}
        </section>
        <Card className="flex flex-col gap-5 p-5 lg:sticky lg:top-24">
          <dl className="flex flex-col gap-1.5">
            <div className="flex justify-between text-muted text-sm">
              <dt>Units</dt>
              <dd className="tabular-nums">{formatCount(unitsIn(basket))}</dd>
            </div>
            <div className="flex items-baseline justify-between">
              <dt className="font-medium">Total</dt>
              <dd aria-live="polite">
                {currency ? (
                  <Money minor={totalOf(basket)} currency={currency} className="font-semibold text-3xl" />
                ) : (
                  "–"
                )}
              </dd>
            </div>
          </dl>
          <SelectField
            label="Taken from"
            value={location}
            onChange={(event) => setLocation(event.target.value)}
          >
            <option value="">By the locations’ priority</option>
            {locations
              .filter(({ active }) => active)
              .map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
          </SelectField>
          <ErrorNote error={sell.error} />
          <Button
            size="lg"
            disabled={basket.length === 0 || isShort}
            busy={sell.isPending}
            onClick={() => sell.mutate(basket)}
          >
            Sell
          </Button>
          {basket.length > 0 && (
            <Button variant="ghost" size="sm" onClick={() => setBasket([])}>
              Start over
            </Button>
          )}
        </Card>
      </div>
      <LastSales onOpen={setReceipt} />
      {choice.length > 0 && (
        <Choice
          goods={choice}
          onPick={(goods) => {
            setChoice([]);
            add(goods);
          }}
          onClose={() => setChoice([])}
        />
      )}
      {camera && <ScanDialog onCode={(code) => scan.mutate(code)} onClose={() => setCamera(false)} />}
      {receipt && (
        <Receipt
          sale={receipt}
          onClose={() => {
            flushSync(() => setReceipt(null));
            // After a sale the next product is looked for; a former receipt goes back to the list of sales.
            if (receipt.id === sell.data?.id) field.current?.focus();
          }}
        />
      )}
    </Page>
  );
}

function Line({ line, onChange }: { line: BasketLine; onChange: (quantity: number) => void }) {
  const short = line.quantity > line.available;
  return (
    <Card className="flex flex-wrap items-center gap-x-4 gap-y-3 rounded-xl p-3">
      <ProductPicture goods={line} className="size-12 shrink-0 rounded-lg border" />
      <div className="min-w-32 flex-1">
        <p className="font-medium">{line.name}</p>
        <p className="text-muted text-sm">
          <Money minor={line.price} currency={line.currency} /> · {line.sku}
        </p>
        {short && (
          <p role="alert" className="text-danger text-sm">
            Only {formatCount(line.available)} left
          </p>
        )}
      </div>
      <div className="flex items-center gap-3 max-sm:w-full max-sm:justify-between">
        <Quantity label={`Units of ${line.name}`} size="sm" value={line.quantity} onChange={onChange} />
        <Money
          minor={line.price * line.quantity}
          currency={line.currency}
          className="w-24 text-right font-medium"
        />
        <button
          type="button"
          aria-label={`Remove ${line.name}`}
          onClick={() => onChange(0)}
          className="grid size-8 location-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
        >
          <Trash2 aria-hidden className="size-4" />
        </button>
      </div>
    </Card>
  );
}

/** Which one was scanned, where the code is on all variants of a product. */
function Choice({
  goods,
  onPick,
  onClose,
}: {
  goods: readonly Goods[];
  onPick: (goods: Goods) => void;
  onClose: () => void;
}) {
  return (
    <Dialog
      open
      onClose={onClose}
      title="Which one?"
      description="This code is on all variants of the product."
    >
      <GoodsList label="Variants" goods={goods} onPick={onPick} />
    </Dialog>
  );
}

/** Goods to choose from, each a button. */
function GoodsList({
  label,
  goods,
  onPick,
  className = "",
}: {
  label: string;
  goods: readonly Goods[];
  onPick: (goods: Goods) => void;
  className?: string;
}) {
  return (
    <ul aria-label={label} className={className}>
      {goods.map((each) => (
        <li key={idOf(each)}>
          <button
            type="button"
            onClick={() => onPick(each)}
            className="flex w-full items-center gap-3 rounded-xl px-3 py-2 text-left text-sm hover:bg-sunken focus-visible:bg-sunken"
          >
            <ProductPicture goods={each} className="size-9 shrink-0 rounded-lg border" />
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium">{each.name}</span>
              <span className="block text-muted text-xs">
                {each.sku} · {formatCount(each.available)} left
              </span>
            </span>
            <Money minor={each.price} currency={each.currency} />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Finds by name, SKU or barcode as one types; Enter takes the first, or the code that was typed. */
function Finder({
  fieldRef,
  onPick,
  onCode,
}: {
  fieldRef: React.RefObject<HTMLInputElement | null>;
  onPick: (goods: Goods) => void;
  onCode: (code: string) => Promise<unknown>;
}) {
  const id = useId();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const looking = useRef(false);
  const wanted = useDebounced(text.trim(), 180);
  const found = useQuery({ ...named(wanted), enabled: wanted.length >= 2 });
  const shown = text.trim().length >= 2 && wanted === text.trim() ? (found.data ?? []) : [];
  const pick = (goods: Goods) => {
    onPick(goods);
    setText("");
    fieldRef.current?.focus();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const code = text.trim();
    if (!code || looking.current) return;
    looking.current = true;
    const isFound = await enter(code).finally(() => {
      looking.current = false;
    });
    // What is not found stays to be corrected.
    if (!isFound) return;
    setText((now) => (now.trim() === code ? "" : now));
    fieldRef.current?.focus();
  };
  const enter = async (code: string): Promise<boolean> => {
    // Typing and pressing Enter at once can be faster than the list.
    const known = shown.length ? shown : code.length < 2 ? [] : await search(code);
    const wished = bestOf(known, code);
    if (wished) onPick(wished);
    return (
      wished !== undefined ||
      onCode(code).then(
        () => true,
        () => false,
      )
    );
  };
  const search = (name: string) =>
    client.fetchQuery(named(name)).then(
      ({ items }) => items.flatMap(goodsOf),
      () => [],
    );
  return (
    <form onSubmit={submit} className="relative">
      <label htmlFor={id} className="sr-only">
        Product name or code
      </label>
      <Search aria-hidden className="pointer-events-none absolute top-4 left-4 size-4.5 text-muted" />
      <Input
        id={id}
        ref={fieldRef}
        type="search"
        autoComplete="off"
        placeholder="Product name or code"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") setText("");
        }}
        className="h-13 pr-16 pl-11"
      />
      <span
        aria-hidden
        className="pointer-events-none absolute inset-y-0 right-4 flex items-center max-sm:hidden"
      >
        <Kbd>Enter</Kbd>
      </span>
      {shown.length > 0 && (
        <GoodsList
          label="Products found"
          goods={shown}
          onPick={pick}
          className="absolute inset-x-0 top-full z-20 mt-2 max-h-[60vh] overflow-y-auto rounded-2xl border bg-surface p-1.5 shadow-floating"
        />
      )}
    </form>
  );
}

function LastSales({ onOpen }: { onOpen: (sale: Sale) => void }) {
  const sales = useQuery({
    queryKey: ["admin", "sales", "last"],
    queryFn: ({ signal }) => dataOf(api.GET("/sales", { params: { query: { limit: 5 } }, signal })),
  });
  if (!sales.data?.items.length) return null;
  return (
    <section aria-labelledby="last-sales" className="mt-12">
      <h2 id="last-sales" className="font-semibold text-lg">
        Last sales
      </h2>
      <ul className="mt-3 divide-y border-y text-sm">
        {sales.data.items.map((sale) => (
          <li key={sale.id}>
            <button
              type="button"
              onClick={() => onOpen(sale)}
              className="grid w-full grid-cols-[5rem_minmax(0,1fr)_auto] items-center gap-4 rounded-lg px-2 py-3 text-left hover:bg-sunken/60 sm:grid-cols-[5rem_minmax(0,1fr)_8rem_7rem]"
            >
              <span className="font-medium">{shortId(sale.id)}</span>
              <span className="truncate text-muted">
                {sale.items.map((line) => `${formatCount(line.quantity)} × ${lineTitle(line)}`).join(", ")}
              </span>
              <Time value={sale.createdAt} className="text-right text-muted max-sm:hidden" />
              <Money minor={sale.totalAmount} currency={sale.currency} className="text-right font-medium" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What the customer takes along; on paper it is alone. */
function Receipt({ sale, onClose }: { sale: Sale; onClose: () => void }) {
  const shop = useShopName();
  return (
    <Dialog
      open
      printed
      onClose={onClose}
      title="Receipt"
      description={
        <>
          <span className="hidden font-medium text-ink print:block">{shop}</span>
          <Time value={sale.createdAt} style="datetime" />
        </>
      }
      footer={
        <>
          <Button variant="secondary" onClick={() => window.print()}>
            <Printer aria-hidden className="size-4" /> Print
          </Button>
          <Button data-autofocus onClick={onClose}>
            Next sale
          </Button>
        </>
      }
    >
      <div className="mb-4 flex items-center justify-between">
        <Badge tone="success" className="print:hidden">
          <CircleCheck aria-hidden className="size-3.5" /> Sold
        </Badge>
        <span className="font-mono text-muted text-xs">{shortId(sale.id)}</span>
      </div>
      <table className="w-full text-sm">
        <caption className="sr-only">What was sold</caption>
        <thead className="sr-only">
          <tr>
            <th scope="col">Units</th>
            <th scope="col">Product</th>
            <th scope="col">Price</th>
          </tr>
        </thead>
        <tbody className="divide-y border-y">
          {sale.items.map((line) => (
            <tr key={`${line.sku} ${JSON.stringify(line.options)}`}>
              <td className="whitespace-nowrap py-2.5 pr-3 align-top text-muted tabular-nums">
                {formatCount(line.quantity)} ×
              </td>
              <td className="w-full py-2.5">
                <Link
                  to={`/admin/products/${encodeURIComponent(line.productId)}`}
                  className="hover:underline"
                >
                  {line.name}
                </Link>
                <LineOptions options={line.options} />
                {line.quantity > 1 && (
                  <span className="block text-muted text-xs">
                    each <Money minor={line.pricePerUnit} currency={sale.currency} />
                  </span>
                )}
              </td>
              <td className="py-2.5 text-right align-top">
                <Money minor={line.total} currency={sale.currency} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="flex items-baseline justify-between pt-4">
        <span className="font-medium">Total</span>
        <Money minor={sale.totalAmount} currency={sale.currency} className="font-semibold text-2xl" />
      </p>
    </Dialog>
  );
}
