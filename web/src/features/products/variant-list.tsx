import { useMutation } from "@tanstack/react-query";
import { Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Image, Product, Schemas } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote } from "@/components/ui/states";
import { Badge } from "@/components/ui/surfaces";
import { toast } from "@/components/ui/toast";
import { Money } from "@/components/ui/values";
import { ProductPicture } from "@/features/catalog/art";
import { describeOptions } from "@/features/catalog/options";
import { formatCount } from "@/lib/count";
import type { ProductVariant } from "./use-variants";
import { VariantDialog } from "./variant-dialog";

type Opened = { what: "new" } | { what: "change" | "remove"; variant: ProductVariant } | null;

/** The variants of a product, each with its stock, its price and its picture; a change is stored at once. */
export function VariantList({
  product,
  variants,
  images,
  onAdd,
  onChange,
  onRemove,
}: {
  product: Product;
  variants: ProductVariant[];
  images: Image[];
  onAdd: (body: Schemas["NewVariantBody"]) => Promise<unknown>;
  onChange: (change: { variantId: string; body: Schemas["VariantPatch"] }) => Promise<unknown>;
  onRemove: (variantId: string) => Promise<unknown>;
}) {
  const [opened, setOpened] = useState<Opened>(null);
  const close = () => setOpened(null);
  return (
    <>
      <ul aria-label="Variants" className="divide-y border-y">
        {variants.map((variant) => {
          const name = describeOptions(variant.options);
          const picture = images.find(({ id }) => id === variant.imageId) ?? images[0];
          return (
            <li key={variant.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3 text-sm">
              <ProductPicture
                goods={{
                  name: product.name,
                  category: product.category,
                  imageUrl: variant.imageUrl,
                  images: [],
                }}
                picture={picture}
                className="size-11 shrink-0 rounded-lg border"
              />
              <div className="min-w-32 flex-1">
                <p className="break-words font-medium">{name}</p>
                <p className="break-words text-muted text-xs">{variant.sku}</p>
              </div>
              <Money minor={variant.price} currency={product.currency} />
              <span className="flex min-w-24 items-center justify-end gap-2 tabular-nums max-sm:flex-1 max-sm:justify-start max-sm:pl-15">
                {variant.quantity === 0 ? (
                  <Badge tone="danger">Sold out</Badge>
                ) : (
                  <>
                    {variant.isLowStock && <Badge tone="warning">Low</Badge>}
                    {formatCount(variant.quantity)} left
                  </>
                )}
              </span>
              <span className="flex gap-1">
                <Button
                  variant="ghost"
                  size="icon-sm"
                  aria-label={`Change ${name}`}
                  onClick={() => setOpened({ what: "change", variant })}
                >
                  <Pencil aria-hidden className="size-4" />
                </Button>
                <Button
                  variant="ghost"
                  size="icon-sm"
                  aria-label={`Remove ${name}`}
                  disabled={variants.length === 1}
                  onClick={() => setOpened({ what: "remove", variant })}
                >
                  <Trash2 aria-hidden className="size-4" />
                </Button>
              </span>
            </li>
          );
        })}
      </ul>
      <Button variant="secondary" size="sm" className="self-start" onClick={() => setOpened({ what: "new" })}>
        <Plus aria-hidden className="size-3.5" /> Add a variant
      </Button>
      {opened?.what === "new" && (
        <VariantDialog product={product} images={images} variant={null} onSave={onAdd} onClose={close} />
      )}
      {opened?.what === "change" && (
        <VariantDialog
          product={product}
          images={images}
          variant={opened.variant}
          onSave={(body) => onChange({ variantId: opened.variant.id, body })}
          onClose={close}
        />
      )}
      {opened?.what === "remove" && (
        <RemoveDialog variant={opened.variant} onRemove={onRemove} onClose={close} />
      )}
    </>
  );
}

function RemoveDialog({
  variant,
  onRemove,
  onClose,
}: {
  variant: ProductVariant;
  onRemove: (variantId: string) => Promise<unknown>;
  onClose: () => void;
}) {
  const name = describeOptions(variant.options);
  const remove = useMutation({
    mutationFn: () => onRemove(variant.id),
    onSuccess: () => {
      toast.success(`${name} is removed`);
      onClose();
    },
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Remove ${name}?`}
      description="It is no longer for sale, and its stock is set to 0. Past orders and movements stay."
      footer={
        <>
          <Button variant="secondary" onClick={onClose}>
            Keep it
          </Button>
          <Button variant="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            Remove
          </Button>
        </>
      }
    >
      <ErrorNote error={remove.error} />
    </Dialog>
  );
}
