import { useQuery } from "@tanstack/react-query";
import { ArrowRight, ClipboardCheck, PackageCheck, Route } from "lucide-react";
import { Link } from "react-router";
import { ButtonLink } from "@/components/ui/button";
import { ErrorState } from "@/components/ui/states";
import { Skeleton } from "@/components/ui/surfaces";
import { Money } from "@/components/ui/values";
import { useAuth } from "@/features/auth/auth";
import { ProductPicture } from "@/features/catalog/art";
import { GRID, ProductCard, ProductCardSkeleton } from "@/features/catalog/card";
import { iconOf } from "@/features/catalog/icons";
import { titled } from "@/features/catalog/options";
import { facets, type Goods, goodsPage } from "@/features/catalog/queries";
import { cn } from "@/lib/cn";
import { useTitle } from "@/lib/use-title";

const SHOWN = 12;
const HERO = 3;

export function Landing() {
  useTitle(undefined);
  const signedIn = useAuth().user !== null;
  const newest = useQuery(goodsPage(signedIn, {}, null, SHOWN));
  const shop = useQuery(facets(undefined, undefined));
  const inStock = newest.data?.items.filter((goods) => goods.inStock) ?? [];
  const empty = newest.data?.items.length === 0;
  return (
    <>
      <section className="mx-auto grid max-w-7xl items-center gap-12 px-4 pt-12 pb-16 sm:px-6 sm:pt-16 lg:grid-cols-[1.05fr_1fr] lg:gap-16 lg:pt-20 lg:pb-24">
        <div>
          <h1 className="font-semibold text-[2.6rem] leading-[1.06] tracking-[-0.035em] sm:text-6xl">
            If it’s here, it’s&nbsp;on&nbsp;the&nbsp;shelf.
          </h1>
          <p className="mt-6 max-w-lg text-lg text-muted leading-relaxed">
            Every unit in this shop is counted. When you order, your units are reserved at once, so nobody can
            buy what is not in stock.
          </p>
          <div className="mt-8 flex flex-wrap gap-3">
            <ButtonLink to="/products" size="lg">
              Browse the shop <ArrowRight aria-hidden className="size-4.5" />
            </ButtonLink>
            {signedIn ? (
              <ButtonLink to="/orders" size="lg" variant="secondary">
                Your orders
              </ButtonLink>
            ) : (
              <ButtonLink to="/signup" size="lg" variant="secondary">
                Create an account
              </ButtonLink>
            )}
          </div>
        </div>
        {!empty && <Collage goods={inStock.slice(0, HERO)} loading={newest.isPending} />}
      </section>

      {shop.data?.categories.length !== 0 && !shop.isError && (
        <section aria-labelledby="categories" className="border-y bg-surface">
          <div className="mx-auto max-w-7xl px-4 py-10 sm:px-6">
            <h2 id="categories" className="sr-only">
              Categories
            </h2>
            <ul className="grid grid-cols-2 gap-x-2 gap-y-1 sm:grid-cols-3 sm:gap-3 lg:grid-cols-4 xl:flex xl:justify-between xl:gap-0">
              {shop.isPending &&
                Array.from({ length: 7 }, (_, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: they stand for nothing
                  <li key={index} className="flex-1 p-2.5 sm:px-4 sm:py-3.5">
                    <Skeleton className="h-10" />
                  </li>
                ))}
              {shop.data?.categories.map((name) => {
                const Icon = iconOf(name);
                return (
                  <li key={name} className="min-w-0 xl:min-w-max xl:flex-auto">
                    <Link
                      to={`/products?category=${encodeURIComponent(name)}`}
                      className="flex items-center gap-3 rounded-2xl p-2.5 font-medium transition-colors hover:bg-sunken sm:px-4 sm:py-3.5"
                    >
                      <span className="grid size-10 shrink-0 place-items-center rounded-xl bg-brand-soft text-brand-text">
                        <Icon aria-hidden strokeWidth={1.7} className="size-5" />
                      </span>
                      <span className="truncate">{titled(name)}</span>
                    </Link>
                  </li>
                );
              })}
            </ul>
          </div>
        </section>
      )}

      <section aria-labelledby="newest" className="mx-auto max-w-7xl px-4 pt-16 sm:px-6">
        <div className="mb-7 flex items-end justify-between gap-4">
          <h2 id="newest" className="font-semibold text-2xl sm:text-3xl">
            New on the shelf
          </h2>
          <Link
            to="/products"
            className="inline-flex shrink-0 items-center gap-1.5 rounded font-medium text-brand-text hover:underline"
          >
            See all <ArrowRight aria-hidden className="size-4" />
          </Link>
        </div>
        {newest.isError && !newest.data ? (
          <ErrorState error={newest.error} onRetry={() => newest.refetch()} />
        ) : empty ? (
          <p className="rounded-2xl border border-dashed px-6 py-14 text-center text-muted">
            There are no products yet. Come back soon.
          </p>
        ) : (
          <div className={cn(GRID, "max-sm:[&>*:nth-child(n+5)]:hidden")}>
            {newest.isPending
              ? // biome-ignore lint/suspicious/noArrayIndexKey: they stand for nothing
                Array.from({ length: 8 }, (_, index) => <ProductCardSkeleton key={index} />)
              : (inStock.length > HERO + 3 ? inStock.slice(HERO) : (newest.data?.items ?? []))
                  .slice(0, 8)
                  .map((goods) => <ProductCard key={goods.id} goods={goods} />)}
          </div>
        )}
      </section>

      <section aria-labelledby="promises" className="mx-auto max-w-7xl px-4 pt-20 pb-8 sm:px-6">
        <h2 id="promises" className="font-semibold text-2xl sm:text-3xl">
          How it works
        </h2>
        <ul className="mt-8 grid gap-10 md:grid-cols-3">
          <Point icon={ClipboardCheck} title="Counted, unit by unit">
            Each change of stock is kept in a history that is never edited. The number you see is the sum of
            it.
          </Point>
          <Point icon={PackageCheck} title="Reserved with your order">
            An order takes all of its units or none. Two people cannot buy the last one.
          </Point>
          <Point icon={Route} title="Every step shown">
            Placed, confirmed, packed, delivered: your order shows each step and its time. Until it is packed,
            you can cancel it yourself.
          </Point>
        </ul>
      </section>
    </>
  );
}

function Point({ icon: Icon, title, children }: { icon: typeof Route; title: string; children: string }) {
  return (
    <li className="border-t-2 border-t-brand pt-5">
      <Icon aria-hidden strokeWidth={1.6} className="size-6 text-brand-text" />
      <h3 className="mt-4 font-semibold text-lg">{title}</h3>
      <p className="mt-1.5 text-muted leading-relaxed">{children}</p>
    </li>
  );
}

/** Three real products, the first one large. */
function Collage({ goods, loading }: { goods: Goods[]; loading: boolean }) {
  const cells = ["row-span-2", "", ""];
  return (
    <div className="grid aspect-[5/4] grid-cols-[1.35fr_1fr] grid-rows-2 gap-3 sm:gap-4">
      {cells.map((cell, index) => {
        const one = goods[index];
        if (!one) {
          return loading ? <Skeleton key={cell + String(index)} className={cn("rounded-3xl", cell)} /> : null;
        }
        return (
          <Link
            key={one.id}
            to={`/products/${encodeURIComponent(one.id)}`}
            className={cn("group relative overflow-hidden rounded-3xl border shadow-lifted", cell)}
          >
            <ProductPicture
              goods={one}
              eager
              sizes={index ? "(min-width: 1024px) 240px, 40vw" : "(min-width: 1024px) 320px, 53vw"}
              className={cn(
                "size-full transition-transform duration-500 group-hover:scale-[1.03]",
                // Its name is below the drawing, not on it.
                index > 0 && "[&>svg:last-child]:-translate-y-[18%]",
              )}
            />
            <span className="absolute inset-x-2.5 bottom-2.5 flex items-center justify-between gap-2 rounded-2xl bg-surface/90 px-3.5 py-2 text-sm backdrop-blur-sm sm:inset-x-3 sm:bottom-3">
              <span className="truncate font-medium">{one.name}</span>
              <Money
                minor={one.price}
                currency={one.currency}
                className={cn("shrink-0 text-muted", index > 0 && "max-xl:hidden")}
              />
            </span>
          </Link>
        );
      })}
    </div>
  );
}
