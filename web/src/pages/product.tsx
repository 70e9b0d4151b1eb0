import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronRight, PackageX, ShoppingBag } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { isApiError, shortages } from "@/api/errors";
import { Page } from "@/components/layout/page";
import { Button, ButtonLink } from "@/components/ui/button";
import { Quantity } from "@/components/ui/quantity";
import { EmptyState, ErrorNote, ErrorState } from "@/components/ui/states";
import { Skeleton } from "@/components/ui/surfaces";
import { toast } from "@/components/ui/toast";
import { Money } from "@/components/ui/values";
import { useAuth } from "@/features/auth/auth";
import { add, type CartLine, otherCurrency, unitsOf } from "@/features/cart/cart";
import { NewCartDialog } from "@/features/cart/new-cart-dialog";
import { changeCart, useCart } from "@/features/cart/store";
import { GRID, ProductCard, Swatch } from "@/features/catalog/card";
import { Gallery } from "@/features/catalog/gallery";
import { type Choice, choicesOf, lineTitle, titled } from "@/features/catalog/options";
import { type Goods, type GoodsPage, goodsPage, goods as goodsQuery } from "@/features/catalog/queries";
import { StockBadge } from "@/features/catalog/stock-badge";
import {
  findVariant,
  firstOptions,
  type Left,
  leftOf,
  smallVariantUrl,
  type Variant,
  withChoice,
} from "@/features/catalog/variants";
import { placeOrder } from "@/features/orders/queries";
import { cn } from "@/lib/cn";
import { formatCount } from "@/lib/count";

export function Component() {
  const { id = "" } = useParams();
  const signedIn = useAuth().user !== null;
  const queryClient = useQueryClient();
  const found = useQuery({
    ...goodsQuery(signedIn, id),
    // The grid has shown most of it already.
    placeholderData: () =>
      queryClient
        .getQueriesData<GoodsPage>({ queryKey: ["goods", "page", signedIn] })
        .flatMap(([, page]) => page?.items ?? [])
        .find((goods) => goods.id === id),
  });
  if (found.isError) {
    const gone = isApiError(found.error) && found.error.status === 404;
    return (
      <Page title={gone ? "Not for sale" : "Product"}>
        {gone ? (
          <EmptyState
            heading="h1"
            icon={PackageX}
            title="This product is not for sale"
            action={<ButtonLink to="/products">See what is</ButtonLink>}
          >
            The shop may have stopped selling it, or the address may be wrong.
          </EmptyState>
        ) : (
          <ErrorState heading="h1" error={found.error} onRetry={() => found.refetch()} />
        )}
      </Page>
    );
  }
  return (
    <Page title={found.data?.name} className="pt-6 sm:pt-8">
      {found.data ? (
        <Detail key={found.data.id} goods={found.data} current={!found.isPlaceholderData} />
      ) : (
        <DetailSkeleton />
      )}
    </Page>
  );
}

function Detail({ goods, current }: { goods: Goods; current: boolean }) {
  const [chosen, setOptions] = useState<Record<string, string> | null>(null);
  // What was chosen may be gone by now.
  const isThere = chosen && (!goods.variants.length || findVariant(goods.variants, chosen));
  const options = isThere ? chosen : firstOptions(goods);
  const variant = findVariant(goods.variants, options);
  const bought: Goods = variant
    ? {
        ...goods,
        sku: variant.sku,
        price: variant.price,
        inStock: variant.inStock,
        isLow: variant.inStock && variant.isLow,
        quantity: variant.quantity,
      }
    : goods;
  const attributes = Object.entries((goods as { attributes?: Record<string, unknown> }).attributes ?? {});
  return (
    <>
      <Breadcrumb goods={goods} />
      <div className="mt-5 grid gap-8 lg:grid-cols-[1.15fr_1fr] lg:gap-14">
        <div>
          <Gallery goods={goods} shown={variant?.imageUrl ?? null} />
        </div>
        <div className="lg:pt-2">
          {goods.brand && (
            <Link
              to={`/products?brand=${encodeURIComponent(goods.brand)}`}
              className="rounded font-medium text-brand-text text-sm hover:underline"
            >
              {titled(goods.brand)}
            </Link>
          )}
          <h1 className="mt-1.5 font-semibold text-3xl leading-tight sm:text-4xl">{goods.name}</h1>
          <div className="mt-4 flex flex-wrap items-center gap-x-4 gap-y-2">
            <Money minor={bought.price} currency={goods.currency} className="font-medium text-2xl" />
            <StockBadge goods={bought} always />
          </div>
          <p className="mt-5 text-lg text-muted leading-relaxed">{goods.description}</p>
          <Buy
            goods={bought}
            variant={variant}
            current={current}
            options={options}
            onOptions={(name, value) => setOptions(withChoice(goods.variants, options, name, value))}
          />
          <dl className="mt-10 border-t text-sm">
            <Fact name="SKU">
              <code className="font-mono text-[0.8125rem]">{bought.sku}</code>
            </Fact>
            <Fact name="Category">{titled(goods.category)}</Fact>
            {goods.type && <Fact name="Type">{titled(goods.type)}</Fact>}
            {attributes.map(([name, value]) => (
              <Fact key={name} name={titled(name)}>
                {String(value)}
              </Fact>
            ))}
          </dl>
        </div>
      </div>
      <More goods={goods} />
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex justify-between gap-6 border-b py-3">
      <dt className="text-muted">{name}</dt>
      <dd className="text-right">{children}</dd>
    </div>
  );
}

function Breadcrumb({ goods }: { goods: Goods }) {
  const category = `/products?category=${encodeURIComponent(goods.category)}`;
  const steps = [
    { label: "Shop", to: "/products" },
    { label: titled(goods.category), to: category },
    ...(goods.type
      ? [{ label: titled(goods.type), to: `${category}&type=${encodeURIComponent(goods.type)}` }]
      : []),
  ];
  return (
    <nav aria-label="Where this is">
      <ol className="flex flex-wrap items-center gap-1 text-muted text-sm">
        {steps.map(({ label, to }, index) => (
          <li key={to} className="inline-flex items-center gap-1">
            {index > 0 && <ChevronRight aria-hidden className="size-3.5" />}
            <Link to={to} className="rounded py-1 hover:text-ink">
              {label}
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Buy({
  goods,
  variant,
  current,
  options,
  onOptions,
}: {
  /** With the price and stock of what is chosen. */
  goods: Goods;
  variant: Variant | null;
  current: boolean;
  options: Record<string, string>;
  onOptions: (name: string, value: string) => void;
}) {
  const { user } = useAuth();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const choices = choicesOf(goods.options);
  const [wanted, setWanted] = useState(1);
  const cart = useCart();
  const inCart = unitsOf(cart, variant?.id ?? goods.id);
  const other = otherCurrency(cart, goods.currency);
  // What goes on once the buyer has agreed to a new cart.
  const [asked, setAsked] = useState<(() => void) | null>(null);
  const most = goods.quantity ?? undefined;
  const quantity = Math.max(1, Math.min(wanted, most ?? wanted));
  const line: CartLine = {
    productId: goods.id,
    ...(variant && { variantId: variant.id }),
    sku: goods.sku,
    name: goods.name,
    category: goods.category,
    imageUrl: smallVariantUrl(goods, variant),
    price: goods.price,
    currency: goods.currency,
    options,
    quantity,
  };

  const buy = useMutation({
    mutationFn: () => placeOrder([line]),
    onSuccess: (order) => {
      queryClient.setQueryData(["orders", "one", order.id], order);
      void queryClient.invalidateQueries({ queryKey: ["orders", "own"] });
      toast.success("Your order is placed", { description: "Its units are reserved for you." });
      navigate(`/orders/${encodeURIComponent(order.id)}`);
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["goods"] }),
  });
  const short = shortages(buy.error)[0];

  const withEmptyCart = (then: () => void) => () => {
    changeCart(() => []);
    setAsked(null);
    then();
  };
  const toCart = () => {
    if (other) setAsked(() => withEmptyCart(() => putIn(0)));
    else putIn(inCart);
  };
  const putIn = (before: number) => {
    changeCart((cart) => add(cart, line, goods.quantity));
    if (goods.quantity !== null && before + quantity > goods.quantity) {
      toast.info(
        before >= goods.quantity
          ? "All of them are in your cart already"
          : `There are ${formatCount(goods.quantity)} in total; your cart holds them now`,
      );
    } else {
      toast.success(`${variant ? lineTitle(line) : goods.name} is in your cart`, {
        action: { label: "View cart", run: () => navigate("/cart") },
      });
    }
  };
  const orderNow = () => {
    if (user) return buy.mutate();
    if (other) setAsked(() => withEmptyCart(toSignIn));
    else toSignIn();
  };
  const toSignIn = () => {
    changeCart((cart) => add(cart, line, goods.quantity));
    navigate("/login?next=/cart");
  };

  return (
    <section aria-label="Order" className="mt-7">
      {choices.map((choice) => (
        <Choices
          key={choice.name}
          choice={choice}
          value={options[choice.name] ?? ""}
          left={
            goods.variants.length ? (value) => leftOf(goods.variants, options, choice.name, value) : undefined
          }
          onChange={(value) => onOptions(choice.name, value)}
        />
      ))}
      {goods.inStock ? (
        <>
          <div className="flex items-center justify-between gap-4">
            <Quantity label="Quantity" value={quantity} onChange={setWanted} max={most} />
            <p className="text-right">
              <span className="text-muted text-sm">Total </span>
              <Money
                minor={goods.price * quantity}
                currency={goods.currency}
                className="font-semibold text-lg"
              />
            </p>
          </div>
          <div className="mt-5 grid gap-3 sm:grid-cols-2">
            <Button size="lg" variant="secondary" onClick={toCart} disabled={!current}>
              <ShoppingBag aria-hidden className="size-4.5" /> Add to cart
            </Button>
            <Button size="lg" onClick={orderNow} busy={buy.isPending} disabled={!current}>
              Order now
            </Button>
          </div>
          <p className="mt-3 text-muted text-sm">
            {inCart > 0 ? `${formatCount(inCart)} in your cart. ` : ""}
            {user
              ? "Ordering sets the units aside for you at once."
              : "You sign in before the order is placed."}
          </p>
        </>
      ) : (
        <p className="rounded-2xl bg-sunken px-5 py-4 text-muted">
          {variant && goods.variants.some(({ inStock }) => inStock)
            ? "This one is sold out. Choose another above, or order it here when the shop has restocked it."
            : "You can order it here when the shop has restocked it."}
        </p>
      )}
      {short ? (
        <p role="alert" className="mt-4 rounded-xl bg-warning-soft px-4 py-3 text-sm text-warning">
          {short.available > 0
            ? `Somebody was faster: ${formatCount(short.available)} of the ${formatCount(short.requested)} you wanted ${short.available === 1 ? "is" : "are"} left.`
            : "Somebody was faster: the last one has just been ordered."}
          {short.available > 0 && (
            <button
              type="button"
              className="ml-2 font-medium underline underline-offset-4"
              onClick={() => {
                setWanted(short.available);
                buy.reset();
              }}
            >
              Order {formatCount(short.available)}
            </button>
          )}
        </p>
      ) : (
        <ErrorNote error={buy.error} className="mt-4" />
      )}
      {asked && other && (
        <NewCartDialog
          name={goods.name}
          currency={goods.currency}
          cartCurrency={other}
          onAgree={asked}
          onClose={() => setAsked(null)}
        />
      )}
    </section>
  );
}

function Choices({
  choice,
  value,
  left,
  onChange,
}: {
  choice: Choice;
  value: string;
  /** What is left of a value; without it, all share one stock. */
  left: ((value: string) => Left) | undefined;
  onChange: (value: string) => void;
}) {
  return (
    <fieldset className="mb-6">
      <legend className="mb-2.5 text-sm">
        <span className="font-medium">{titled(choice.name)}</span>
        <span className="ml-2 text-muted">{titled(value)}</span>
      </legend>
      <div className="flex flex-wrap gap-2">
        {choice.values.map((each) => {
          const units = left?.(each);
          const note = units && noteOf(units);
          return (
            <label
              key={each}
              className={cn(
                "inline-flex min-h-10 cursor-pointer items-center gap-2 rounded-xl border bg-surface px-3.5 py-1.5 text-sm transition-colors",
                "has-focus-visible:outline-2 has-focus-visible:outline-focus has-focus-visible:outline-offset-2",
                each === value ? "border-brand font-medium ring-1 ring-brand" : "hover:border-line-strong",
                units && units.gone !== "no" && "border-dashed bg-sunken",
              )}
            >
              <input
                type="radio"
                name={choice.name}
                value={each}
                checked={each === value}
                onChange={() => onChange(each)}
                className="sr-only"
              />
              <Swatch color={each} className="size-3.5" />
              <span className={cn(units?.gone === "all" && "line-through decoration-muted")}>
                {titled(each)}
              </span>
              {note && <span className="font-normal text-muted text-xs">{note}</span>}
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}

/** What is said of a value's stock: how many are left, as far as that is shown; and where it is sold out. */
function noteOf({ quantity, gone, beside }: Left): string {
  if (gone === "no") return quantity === null ? "" : `${formatCount(quantity)} left`;
  return gone === "all" || !beside.length ? "sold out" : `sold out in ${beside.map(titled).join(", ")}`;
}

function More({ goods }: { goods: Goods }) {
  const signedIn = useAuth().user !== null;
  const page = useQuery(goodsPage(signedIn, { category: goods.category }, null, 6));
  const others = page.data?.items.filter((each) => each.id !== goods.id).slice(0, 4) ?? [];
  if (!others.length) return null;
  return (
    <section aria-labelledby="more" className="mt-20 border-t pt-12">
      <h2 id="more" className="mb-7 font-semibold text-2xl">
        More in {titled(goods.category)}
      </h2>
      <div className={GRID}>
        {others.map((each) => (
          <ProductCard key={each.id} goods={each} />
        ))}
      </div>
    </section>
  );
}

function DetailSkeleton() {
  return (
    <div className="mt-13 grid gap-8 lg:grid-cols-[1.15fr_1fr] lg:gap-14">
      <Skeleton className="aspect-[4/3] w-full rounded-3xl" />
      <div className="flex flex-col gap-4">
        <Skeleton className="h-4 w-24" />
        <Skeleton className="h-10 w-3/4" />
        <Skeleton className="h-8 w-40" />
        <Skeleton className="h-24" />
        <Skeleton className="h-12" />
      </div>
    </div>
  );
}
