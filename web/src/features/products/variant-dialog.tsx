import { z } from "zod";
import type { Image, Product, Schemas } from "@/api/types";
import { Button } from "@/components/ui/button";
import { CancelButton, Dialog } from "@/components/ui/dialog";
import { TextField } from "@/components/ui/field";
import { ErrorNote } from "@/components/ui/states";
import { toast } from "@/components/ui/toast";
import { ProductPicture } from "@/features/catalog/art";
import { choicesOf, describeOptions, titled } from "@/features/catalog/options";
import { suggestedSku } from "@/features/catalog/variants";
import { parseWhole } from "@/features/stock/change";
import { cn } from "@/lib/cn";
import { parseMoney, plainMoney } from "@/lib/money";
import { useApiForm } from "@/lib/use-api-form";
import { CodeFields } from "./code-fields";
import { formOf } from "./form";
import { parseRate, plainRate } from "./rate";
import type { ProductVariant } from "./use-variants";

interface Values {
  options: Record<string, string>;
  sku: string;
  price: string;
  barcode: string;
  cost: string;
  weightGrams: string;
  taxRate: string;
  quantity: string;
  lowStockThreshold: string;
  imageId: string;
}

const isWhole = (text: string) => (parseWhole(text) ?? -1) >= 0;

function schemaOf(currency: string, isNew: boolean) {
  return z.object({
    options: z.record(z.string(), z.string().trim().min(1, "Enter a value")),
    sku: z.string().refine((sku) => {
      const { length } = sku.trim();
      return (isNew && length === 0) || (length >= 3 && length <= 50);
    }, "3 to 50 characters"),
    price: z
      .string()
      .refine(
        (text) => !text.trim() || (parseMoney(text, currency) ?? 0) > 0,
        "An amount above 0, such as 12.50",
      ),
    barcode: z.string().max(64, "At most 64 characters"),
    cost: z
      .string()
      .refine((text) => !text.trim() || (parseMoney(text, currency) ?? -1) >= 0, "An amount, such as 7.50"),
    weightGrams: z.string().refine((text) => !text.trim() || isWhole(text), "A whole number, 0 or more"),
    taxRate: z
      .string()
      .refine((text) => !text.trim() || parseRate(text) !== null, "A percentage, such as 19 or 5.5"),
    quantity: z.string().refine(isWhole, "A whole number, 0 or more"),
    lowStockThreshold: z.string().refine(isWhole, "A whole number, 0 or more"),
    imageId: z.string(),
  });
}

/** What a variant is called, costs and shows, and how many are available. Only what was changed is sent. */
export function VariantDialog({
  product,
  images,
  variant,
  onSave,
  onClose,
}: {
  product: Product;
  images: Image[];
  /** null: a new one. */
  variant: ProductVariant | null;
  onSave: (body: Schemas["NewVariantBody"] & Schemas["VariantPatch"]) => Promise<unknown>;
  onClose: () => void;
}) {
  const { currency } = product;
  const choices = choicesOf(product.options);
  const ofProduct = formOf(product);
  const own = variant ? ownFields(variant, product) : { price: "", cost: "", weightGrams: "", taxRate: "" };
  const before: Values = {
    options: variant?.options ?? Object.fromEntries(choices.map(({ name }) => [name, ""])),
    sku: variant?.sku ?? "",
    ...own,
    barcode: variant?.barcode ?? "",
    quantity: String(variant?.quantity ?? 0),
    lowStockThreshold: String(variant?.lowStockThreshold ?? product.lowStockThreshold),
    imageId: images.some(({ id }) => id === variant?.imageId) ? (variant?.imageId ?? "") : "",
  };
  const form = useApiForm<Values>(
    schemaOf(currency, variant === null),
    before,
    async (values) => {
      await onSave(bodyOf(values, variant && before, currency, variant));
      toast.success(`${describeOptions(values.options)} is ${variant ? "saved" : "added"}`);
      onClose();
    },
    { taken: "sku" },
  );
  const { register, wrong } = form;
  const values = form.watch();
  return (
    <Dialog
      open
      onClose={onClose}
      size="md"
      title={variant ? describeOptions(variant.options) : `New variant of ${product.name}`}
      description={variant ? product.name : undefined}
    >
      <form
        onSubmit={(event) => {
          // In React's tree it is inside the product's form, which this is not about.
          event.stopPropagation();
          void form.onSubmit(event);
        }}
        noValidate
        className="flex flex-col gap-4"
      >
        {!variant && (
          <div className="grid gap-4 sm:grid-cols-2">
            {choices.map(({ name, values: known }) => (
              <TextField
                key={name}
                label={titled(name)}
                hint={`So far: ${known.map(titled).join(", ")}. A new value is added.`}
                autoComplete="off"
                error={form.formState.errors.options?.[name]?.message}
                {...register(`options.${name}`)}
              />
            ))}
          </div>
        )}
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <TextField
            label="SKU"
            placeholder={variant ? "" : suggestedSku(product.sku, values.options)}
            error={wrong("sku")}
            {...register("sku")}
          />
          <TextField
            label="Own price"
            inputMode="decimal"
            placeholder={plainMoney(product.price, currency)}
            hint="Empty: the product's price."
            error={wrong("price")}
            {...register("price")}
          />
          <TextField
            label="Units available"
            inputMode="numeric"
            hint={variant ? "A difference is booked as an adjustment." : undefined}
            error={wrong("quantity")}
            {...register("quantity")}
          />
          <TextField
            label="Low-stock threshold"
            inputMode="numeric"
            error={wrong("lowStockThreshold")}
            {...register("lowStockThreshold")}
          />
        </div>
        <CodeFields
          values={{ ...values, currency }}
          ofProduct={ofProduct}
          register={register}
          wrong={wrong}
        />
        <PictureChoice
          product={product}
          images={images}
          value={values.imageId}
          onChange={(imageId) => form.setValue("imageId", imageId, { shouldDirty: true })}
        />
        <ErrorNote error={form.error} />
        <div className="flex justify-end gap-2">
          <CancelButton>Cancel</CancelButton>
          <Button type="submit" busy={form.busy}>
            {variant ? "Save" : "Add the variant"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What a variant has of its own; the API shows it with the product's where it has none. */
function ownFields(variant: ProductVariant, product: Product) {
  const { currency } = product;
  const own = (
    value: number | null | undefined,
    shared: number | null | undefined,
    write: (value: number) => string,
  ) => (typeof value !== "number" || value === shared ? "" : write(value));
  return {
    price: own(variant.price, product.price, (price) => plainMoney(price, currency)),
    cost: own(variant.cost, product.cost, (cost) => plainMoney(cost, currency)),
    weightGrams: own(variant.weightGrams, product.weightGrams, String),
    taxRate: own(variant.taxRate, product.taxRate, plainRate),
  };
}

/** The fields as the API takes them; of a variant that is there, only those that differ. */
function bodyOf(
  values: Values,
  before: Values | null,
  currency: string,
  variant: ProductVariant | null,
): Schemas["NewVariantBody"] & Schemas["VariantPatch"] {
  const isNew = (field: Exclude<keyof Values, "options">) =>
    !before || values[field].trim() !== before[field];
  const money = (text: string) => (text.trim() ? parseMoney(text, currency) : null);
  const options = Object.fromEntries(
    Object.entries(values.options).map(([name, value]) => [name, value.trim()]),
  );
  return {
    ...((before ? {} : { options }) as { options: Record<string, string> }),
    ...(isNew("sku") && values.sku.trim() && { sku: values.sku.trim() }),
    ...(isNew("price") && { price: money(values.price) }),
    ...(isNew("barcode") && { barcode: values.barcode.trim() || null }),
    ...(isNew("cost") && { cost: money(values.cost) }),
    ...(isNew("weightGrams") && {
      weightGrams: values.weightGrams.trim() ? parseWhole(values.weightGrams) : null,
    }),
    ...(isNew("taxRate") && { taxRate: values.taxRate.trim() ? parseRate(values.taxRate) : null }),
    ...(isNew("quantity") && {
      quantity: parseWhole(values.quantity) ?? 0,
      ...(variant && { expectedStockVersion: variant.stockVersion }),
    }),
    ...(isNew("lowStockThreshold") && { lowStockThreshold: parseWhole(values.lowStockThreshold) ?? 0 }),
    ...(isNew("imageId") && { imageId: values.imageId || null }),
  };
}

function PictureChoice({
  product,
  images,
  value,
  onChange,
}: {
  product: Product;
  images: Image[];
  value: string;
  onChange: (imageId: string) => void;
}) {
  if (!images.length) {
    return (
      <p className="text-muted text-sm">With pictures of the product, a variant can show one of them.</p>
    );
  }
  return (
    <fieldset>
      <legend className="mb-2 font-medium text-sm">Picture</legend>
      <div className="flex flex-wrap gap-2">
        {[null, ...images].map((image, index) => (
          <label
            key={image?.id ?? ""}
            className={cn(
              "relative grid h-16 cursor-pointer place-items-center overflow-hidden rounded-xl border-2",
              "has-focus-visible:outline-2 has-focus-visible:outline-focus has-focus-visible:outline-offset-2",
              value === (image?.id ?? "") ? "border-brand" : "border-line hover:border-line-strong",
            )}
          >
            <input
              type="radio"
              name="variant-picture"
              checked={value === (image?.id ?? "")}
              onChange={() => onChange(image?.id ?? "")}
              aria-label={image ? image.alt || `Picture ${String(index)}` : "As the product"}
              className="absolute inset-0 size-full cursor-pointer appearance-none outline-none"
            />
            {image ? (
              <ProductPicture
                goods={{ name: product.name, category: product.category, imageUrl: null, images: [] }}
                picture={image}
                className="h-full w-20"
              />
            ) : (
              <span className="px-3 text-xs">As the product</span>
            )}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
