import { useMutation, useQueries, useQueryClient } from "@tanstack/react-query";
import { ArrowRight, ShoppingBag, Trash2 } from "lucide-react";
import { Link, useNavigate } from "react-router";
import { isApiError, shortages } from "@/api/errors";
import { Page } from "@/components/layout/page";
import { Button, ButtonLink } from "@/components/ui/button";
import { Quantity } from "@/components/ui/quantity";
import { EmptyState, ErrorNote } from "@/components/ui/states";
import { Card, PageHeader } from "@/components/ui/surfaces";
import { toast } from "@/components/ui/toast";
import { Money } from "@/components/ui/values";
import { useAuth } from "@/features/auth/auth";
import {
  add,
  type Cart,
  type CartLine,
  countOf,
  lineKey,
  setQuantity,
  stockOf,
  totalsOf,
  trimToStock,
  unitsOf,
  without,
} from "@/features/cart/cart";
import { changeCart, useCart } from "@/features/cart/store";
import { ProductPicture } from "@/features/catalog/art";
import { describeOptions, lineTitle, notOffered } from "@/features/catalog/options";
import { type Goods, goods as goodsQuery } from "@/features/catalog/queries";
import { findVariant, smallVariantUrl } from "@/features/catalog/variants";
import { placeOrder } from "@/features/orders/queries";
import { formatCount } from "@/lib/count";

/** What the shop says now of a product in the cart. */
interface Now {
  goods: Goods | undefined;
  gone: boolean;
}

/** So many products of a cart are looked up before ordering; the order itself checks every one. */
const LOOKED_UP = 40;

export function Component() {
  const cart = useCart();
  const now = useNow(cart);
  const navigate = useNavigate();
  const { user } = useAuth();
  const queryClient = useQueryClient();
  const lines = cart.map((line) => withNow(line, now.get(line.productId)));

  const order = useMutation({
    mutationFn: (ordered: Cart) => placeOrder(ordered),
    onSuccess: (placed, ordered) => {
      changeCart((before) => without(before, ordered));
      queryClient.setQueryData(["orders", "one", placed.id], placed);
      void queryClient.invalidateQueries({ queryKey: ["orders", "own"] });
      toast.success("Your order is placed", { description: "Its units are reserved for you." });
      navigate(`/orders/${encodeURIComponent(placed.id)}`);
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["goods"] }),
  });
  const short = new Map(shortages(order.error).map((each) => [stockOf(each), each.available]));
  const limits = limitsOf(lines, now, short);

  const change = (key: string, quantity: number) => {
    order.reset();
    changeCart((before) => setQuantity(before, key, quantity));
  };
  const remove = (line: CartLine) => {
    change(lineKey(line), 0);
    toast.info(`${line.name} is removed from the cart`, {
      action: { label: "Undo", run: () => changeCart((before) => add(before, line, null)) },
    });
  };
  const adjust = () => {
    order.reset();
    changeCart((before) =>
      trimToStock(
        before.map((line) => withNow(line, now.get(line.productId))),
        limits,
      ),
    );
  };

  if (!cart.length) {
    return (
      <Page title="Cart">
        <EmptyState
          heading="h1"
          icon={ShoppingBag}
          title="Your cart is empty"
          action={<ButtonLink to="/products">Browse products</ButtonLink>}
        >
          What you add stays here, even when you close the page.
        </EmptyState>
      </Page>
    );
  }
  const isShort = lines.some(
    (line) => unitsOf(lines, stockOf(line)) > (limits.get(stockOf(line)) ?? Number.POSITIVE_INFINITY),
  );
  const gone = new Map(lines.map((line) => [lineKey(line), goneOptions(line, now.get(line.productId))]));
  const isOutdated = [...gone.values()].some((options) => options.length > 0);
  const totals = totalsOf(lines);
  const units = countOf(lines);
  const isMixed = totals.length > 1;
  return (
    <Page title="Cart">
      <PageHeader title="Cart" />
      <div className="grid items-start gap-8 lg:grid-cols-[1fr_22rem] lg:gap-12">
        <ul className="divide-y border-y">
          {lines.map((line) => (
            <Line
              key={lineKey(line)}
              line={line}
              limit={limits.get(stockOf(line))}
              wanted={unitsOf(lines, stockOf(line))}
              gone={gone.get(lineKey(line)) ?? []}
              onQuantity={(quantity) => change(lineKey(line), quantity)}
              onRemove={() => remove(line)}
            />
          ))}
        </ul>
        <Card className="p-6 lg:sticky lg:top-24">
          <h2 className="font-semibold text-lg">Summary</h2>
          <dl className="mt-4 flex flex-col gap-2.5 text-sm">
            <div className="flex justify-between">
              <dt className="text-muted">Units</dt>
              <dd className="tabular-nums">{formatCount(units)}</dd>
            </div>
            {totals.map(({ currency, minor }) => (
              <div key={currency} className="flex items-baseline justify-between border-t pt-3">
                <dt className="font-medium">Total</dt>
                <dd>
                  <Money minor={minor} currency={currency} className="font-semibold text-xl" />
                </dd>
              </div>
            ))}
          </dl>
          {isMixed && (
            <p role="alert" className="mt-5 rounded-xl bg-warning-soft px-4 py-3 text-sm text-warning">
              One order is in one currency, and this cart has{" "}
              {totals.map(({ currency }) => currency).join(" and ")}. Remove what you will order by itself.
            </p>
          )}
          {isShort ? (
            <div role="alert" className="mt-5 rounded-xl bg-warning-soft px-4 py-3 text-sm text-warning">
              <p>Some items are no longer available in this quantity. Your cart is unchanged.</p>
              <button
                type="button"
                onClick={adjust}
                className="mt-2 font-medium underline underline-offset-4"
              >
                Reduce to what is available
              </button>
            </div>
          ) : (
            <ErrorNote error={order.error} className="mt-5" />
          )}
          {user ? (
            <Button
              size="lg"
              className="mt-5 w-full"
              busy={order.isPending}
              disabled={isShort || isOutdated || isMixed}
              onClick={() => order.mutate(lines)}
            >
              Place order
            </Button>
          ) : (
            <ButtonLink to="/login?next=/cart" size="lg" className="mt-5 w-full">
              Sign in to order <ArrowRight aria-hidden className="size-4.5" />
            </ButtonLink>
          )}
          <p className="mt-3 text-muted text-sm">
            {user
              ? "Either all units are reserved for you, or none are."
              : "Your cart is kept while you sign in."}
          </p>
        </Card>
      </div>
    </Page>
  );
}

function Line({
  line,
  limit,
  wanted,
  gone,
  onQuantity,
  onRemove,
}: {
  line: CartLine;
  limit: number | undefined;
  wanted: number;
  /** What was chosen of it and is not offered any more. */
  gone: string[];
  onQuantity: (quantity: number) => void;
  onRemove: () => void;
}) {
  const short = limit !== undefined && wanted > limit;
  const to = `/products/${encodeURIComponent(line.productId)}`;
  return (
    <li className="flex gap-4 py-5 sm:gap-5">
      <Link to={to} tabIndex={-1} aria-hidden className="shrink-0">
        <ProductPicture goods={line} className="size-20 rounded-2xl border sm:size-24" />
      </Link>
      <div className="flex min-w-0 flex-1 flex-col justify-between gap-3">
        <div className="flex justify-between gap-4">
          <div className="min-w-0">
            <h2 className="font-medium leading-snug">
              <Link to={to} className="rounded hover:underline">
                {line.name}
              </Link>
            </h2>
            <p className="mt-0.5 text-muted text-sm">{describeOptions(line.options) || line.sku}</p>
            {gone.length > 0 && (
              <p role="alert" className="mt-1 font-medium text-sm text-warning">
                No longer available: {gone.join(", ")}. Remove it, or choose again.
              </p>
            )}
            {short && (
              <p className="mt-1 font-medium text-sm text-warning">
                {limit > 0 ? `Only ${formatCount(limit)} left` : "Out of stock"}
              </p>
            )}
          </div>
          <div className="shrink-0 text-right">
            <Money minor={line.price * line.quantity} currency={line.currency} className="font-medium" />
            {line.quantity > 1 && (
              <p className="text-muted text-sm">
                <Money minor={line.price} currency={line.currency} /> each
              </p>
            )}
          </div>
        </div>
        <div className="flex items-center justify-between gap-3">
          <Quantity
            size="sm"
            label={`Quantity of ${lineTitle(line)}`}
            value={line.quantity}
            onChange={onQuantity}
            max={limit === undefined ? undefined : Math.max(line.quantity, limit - (wanted - line.quantity))}
          />
          <Button
            variant="ghost"
            size="sm"
            onClick={onRemove}
            aria-label={`Remove ${lineTitle(line)}`}
            className="-mr-2 text-muted"
          >
            <Trash2 aria-hidden className="size-4" /> <span className="max-sm:sr-only">Remove</span>
          </Button>
        </div>
      </div>
    </li>
  );
}

/** Prices and stock as they are now, product by product. */
function useNow(cart: Cart): Map<string, Now> {
  const signedIn = useAuth().user !== null;
  const ids = [...new Set(cart.map((line) => line.productId))].slice(0, LOOKED_UP);
  return useQueries({
    queries: ids.map((id) => ({ ...goodsQuery(signedIn, id), staleTime: 10_000 })),
    combine: (answers) =>
      new Map(
        ids.map((id, index) => {
          const error = answers[index]?.error;
          return [id, { goods: answers[index]?.data, gone: isApiError(error) && error.status === 404 }];
        }),
      ),
  });
}

/** A line as the shop has it now: also where its product got variants since it was put in. */
function withNow(line: CartLine, now: Now | undefined): CartLine {
  if (!now?.goods) return line;
  const { currency, name, category } = now.goods;
  const variant = findVariant(now.goods.variants, line.options);
  const { variantId: _, ...rest } = line;
  return {
    ...rest,
    ...(variant && { variantId: variant.id }),
    sku: variant?.sku ?? now.goods.sku,
    price: variant?.price ?? now.goods.price,
    currency,
    name,
    imageUrl: smallVariantUrl(now.goods, variant),
    category,
  };
}

/** What was chosen of a line and is not offered any more; all of it, where that variant was removed. */
function goneOptions(line: CartLine, now: Now | undefined): string[] {
  if (!now?.goods) return [];
  const gone = notOffered(line.options, now.goods.options);
  if (gone.length || !now.goods.variants.length || findVariant(now.goods.variants, line.options)) return gone;
  return [describeOptions(line.options) || "this choice"];
}

/** How many there are of each stock that we know of. */
function limitsOf(lines: Cart, now: Map<string, Now>, short: Map<string, number>): Map<string, number> {
  const limits = new Map<string, number>();
  for (const line of lines) {
    const stock = stockOf(line);
    const current = now.get(line.productId);
    const counted = current?.goods?.variants.find(({ id }) => id === line.variantId) ?? current?.goods;
    const known = current?.gone ? 0 : (counted?.quantity ?? (counted && !counted.inStock ? 0 : undefined));
    const refused = short.get(stock);
    if (refused !== undefined) limits.set(stock, refused);
    else if (known !== undefined) limits.set(stock, known);
  }
  return limits;
}
