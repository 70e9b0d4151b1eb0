import { useState } from "react";
import { cn } from "@/lib/cn";
import { ProductPicture } from "./art";
import type { Goods } from "./queries";

const LARGE = "(min-width: 1280px) 660px, (min-width: 1024px) 52vw, 92vw";

const WIDEST = 1600;

/** A product's pictures: one large, the others below it to choose from. `shown` is the address of what is chosen. */
export function Gallery({ goods, shown }: { goods: Goods; shown: string | null }) {
  const [chosen, setChosen] = useState<{ image: number; shown: string | null } | null>(null);
  const own = goods.images.findIndex(({ url }) => url === shown);
  // A picture that was chosen by itself stays until another variant is chosen.
  const at = chosen && chosen.shown === shown ? chosen.image : Math.max(own, 0);
  // The variant's picture may be one that the shop does not keep.
  const elsewhere = own < 0 && shown !== null && shown !== goods.imageUrl && chosen?.shown !== shown;
  const picture = elsewhere ? undefined : (goods.images[at] ?? goods.images[0]);
  const several = goods.images.length > 1;
  return (
    <div className="lg:sticky lg:top-24">
      <ProductPicture
        // A new picture does not stand in the place of the former while it loads.
        key={picture?.id ?? shown ?? "only"}
        goods={elsewhere ? { ...goods, images: [], imageUrl: shown } : goods}
        eager
        picture={picture}
        alt={picture?.alt ?? ""}
        sizes={LARGE}
        widest={WIDEST}
        className={cn("aspect-[4/3] w-full rounded-3xl border shadow-card", picture && "object-contain")}
      />
      {several && (
        <ul aria-label="Pictures" className="mt-3 flex flex-wrap gap-2.5">
          {goods.images.map((each, index) => (
            <li key={each.id}>
              <button
                type="button"
                aria-label={each.alt || `Picture ${String(index + 1)}`}
                aria-pressed={each === picture}
                onClick={() => setChosen({ image: index, shown })}
                className={cn(
                  "block overflow-hidden rounded-xl border-2 transition-colors",
                  each === picture ? "border-brand" : "border-transparent hover:border-line-strong",
                )}
              >
                <ProductPicture goods={goods} picture={each} className="aspect-[4/3] w-18" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
