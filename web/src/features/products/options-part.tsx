import { Plus, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { type UseFormReturn, useFieldArray } from "react-hook-form";
import type { Image, Product } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Field, Input, Switch } from "@/components/ui/field";
import type { ProductForm } from "./form";
import { NewVariants } from "./new-variants";
import { SpreadDialog } from "./spread-dialog";
import type { useVariants } from "./use-variants";
import { VariantList } from "./variant-list";
import { rowKey, rowsOf, typedOptions, type VariantRow } from "./variant-rows";

export type FormWithVariants = ProductForm & { quantity: string; ownStock: boolean; variants: VariantRow[] };
type Form = Pick<
  UseFormReturn<FormWithVariants>,
  "control" | "register" | "formState" | "watch" | "setValue" | "getValues"
>;

export const OPTIONS_HELP = {
  new: "What a buyer chooses, such as a color or a size. Each combination can have stock of its own.",
  shared: "What a buyer chooses, such as a color or a size. All choices share one stock.",
  own: "Each combination of the options has stock of its own. A change of them is stored at once.",
} as const;

/** The options of a product that is being made: each combination is a variant, with stock of its own unless switched off. */
export function NewOptions({ form }: { form: Form }) {
  const [leftOut, setLeftOut] = useState<ReadonlySet<string>>(new Set());
  const { options, ownStock, variants, sku, price } = form.watch();
  const typed = typedOptions(options);
  const rows = ownStock ? rowsOf(typed, variants, leftOut) : [];
  const wanted = JSON.stringify(rows.map((row) => row.options));
  // The rows follow the options; what was typed for a combination stays with it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each other set of combinations
  useEffect(() => {
    if (wanted !== JSON.stringify(form.getValues("variants").map((row) => row.options)))
      form.setValue("variants", rows, { shouldDirty: true });
  }, [wanted]);
  return (
    <>
      <OptionRows form={form} />
      {options.length > 0 && (
        <div className="flex items-center justify-between gap-4 rounded-xl bg-sunken px-4 py-3 text-sm">
          <span>
            <span className="block font-medium">Own stock for each combination</span>
            <span className="text-muted">
              {ownStock
                ? "The last red one is sold only once, however many blue ones there are."
                : "All choices share one stock: any of them sells while there is a unit left."}
            </span>
          </span>
          <Switch
            label="Own stock for each combination"
            checked={ownStock}
            onChange={(on) => form.setValue("ownStock", on, { shouldDirty: true })}
          />
        </div>
      )}
      {options.length > 0 && ownStock && (
        <NewVariants
          options={typed}
          rows={variants}
          sku={sku}
          price={price}
          leftOut={leftOut.size}
          register={(index, name) => form.register(`variants.${index}.${name}`)}
          wrong={(index, name) => form.formState.errors.variants?.[index]?.[name]?.message}
          onLeaveOut={(row) => setLeftOut(new Set([...leftOut, rowKey(row.options)]))}
          onBringBack={() => setLeftOut(new Set())}
        />
      )}
    </>
  );
}

/** The options of a known product: its variants, or choices that share one stock until that is spread over variants. */
export function KnownOptions({
  form,
  product,
  images,
  own,
  changed,
}: {
  form: Form;
  /** As it was loaded. */
  product: Product;
  images: Image[];
  own: ReturnType<typeof useVariants>;
  /** Whether options were typed that are not saved. */
  changed: boolean;
}) {
  const [spreading, setSpreading] = useState(false);
  if (own.variants) {
    return (
      <VariantList
        product={product}
        variants={own.variants}
        images={images}
        onAdd={own.add}
        onChange={own.change}
        onRemove={own.remove}
      />
    );
  }
  const isSpreadable =
    Object.keys(product.options).length > 0 && Object.values(product.options).every(Array.isArray);
  return (
    <>
      <OptionRows form={form} />
      {isSpreadable && (
        <div className="flex flex-wrap items-center justify-between gap-3 rounded-xl bg-sunken px-4 py-3 text-sm">
          <span className="min-w-52 flex-1">
            <span className="block font-medium">All choices share one stock</span>
            <span className="text-muted">
              {changed
                ? "Save the options first; then each combination can get its own stock."
                : "To stop selling what you do not have, say how many there are of each."}
            </span>
          </span>
          <Button variant="secondary" size="sm" disabled={changed} onClick={() => setSpreading(true)}>
            Give each its own stock
          </Button>
        </div>
      )}
      {spreading && <SpreadDialog product={product} onDone={own.show} onClose={() => setSpreading(false)} />}
    </>
  );
}

function OptionRows({ form }: { form: Form }) {
  const { fields, append, remove } = useFieldArray({ control: form.control, name: "options" });
  return (
    <>
      {fields.map((row, index) => (
        <div
          key={row.id}
          className="grid grid-cols-[minmax(0,1fr)_auto] items-end gap-2 sm:grid-cols-[10rem_minmax(0,1fr)_auto]"
        >
          <Field
            label="Option"
            error={form.formState.errors.options?.[index]?.name?.message}
            className="max-sm:col-span-2"
          >
            {(wiring) => (
              <Input placeholder="color" {...wiring} {...form.register(`options.${index}.name`)} />
            )}
          </Field>
          <Field label="Values, with commas between">
            {(wiring) => (
              <Input placeholder="red, blue" {...wiring} {...form.register(`options.${index}.values`)} />
            )}
          </Field>
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Remove the option ${row.name || String(index + 1)}`}
            onClick={() => remove(index)}
          >
            <Trash2 aria-hidden className="size-4" />
          </Button>
        </div>
      ))}
      <Button
        variant="secondary"
        size="sm"
        className="self-start"
        onClick={() => append({ name: "", values: "" })}
      >
        <Plus aria-hidden className="size-3.5" /> Add an option
      </Button>
    </>
  );
}
