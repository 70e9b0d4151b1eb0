import { Trash2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/field";
import { Swatch } from "@/features/catalog/card";
import { describeOptions } from "@/features/catalog/options";
import { suggestedSku } from "@/features/catalog/variants";
import { parseWhole } from "@/features/stock/change";
import { counted } from "@/lib/count";
import { withoutEnter } from "./code-fields";
import { type VariantRow, whyNoVariants } from "./variant-rows";

type Name = "sku" | "barcode" | "price" | "quantity";

/** The variants of a new product: what each is called, what it costs, and how many there are. */
export function NewVariants({
  options,
  rows,
  sku,
  price,
  leftOut,
  register,
  wrong,
  onLeaveOut,
  onBringBack,
}: {
  options: { name: string; values: string[] }[];
  rows: VariantRow[];
  sku: string;
  price: string;
  /** How many combinations are not made. */
  leftOut: number;
  register: (index: number, name: Name) => object;
  wrong: (index: number, name: Name) => string | undefined;
  onLeaveOut: (row: VariantRow) => void;
  onBringBack: () => void;
}) {
  const problem = whyNoVariants(options);
  if (problem) {
    return (
      <p role="alert" className="text-danger text-sm">
        {problem}
      </p>
    );
  }
  if (!options.length)
    return (
      <p className="text-muted text-sm">Name an option and its values: each combination is listed here.</p>
    );
  const units = rows.reduce((sum, row) => sum + (parseWhole(row.quantity) ?? 0), 0);
  return (
    <div>
      <ul aria-label="Variants" className="divide-y border-y">
        {rows.map((row, index) => {
          const name = describeOptions(row.options);
          return (
            <li key={name} className="py-3">
              <div className="flex items-center gap-2">
                {Object.values(row.options).map((value) => (
                  <Swatch key={value} color={value} />
                ))}
                <p className="min-w-0 flex-1 break-words font-medium text-sm">{name}</p>
                <Button
                  variant="ghost"
                  size="icon-sm"
                  aria-label={`Leave out ${name}`}
                  disabled={rows.length === 1}
                  onClick={() => onLeaveOut(row)}
                >
                  <Trash2 aria-hidden className="size-4" />
                </Button>
              </div>
              <div className="mt-2 grid grid-cols-2 items-start gap-2 sm:grid-cols-[minmax(0,3fr)_minmax(0,3fr)_minmax(0,2fr)_minmax(0,2fr)]">
                <Field label="SKU" error={wrong(index, "sku")} className="max-sm:col-span-2">
                  {(wiring) => (
                    <Input
                      placeholder={suggestedSku(sku, row.options)}
                      {...wiring}
                      {...register(index, "sku")}
                    />
                  )}
                </Field>
                <Field label="Barcode" error={wrong(index, "barcode")} className="max-sm:col-span-2">
                  {(wiring) => (
                    <Input
                      autoComplete="off"
                      onKeyDown={withoutEnter}
                      {...wiring}
                      {...register(index, "barcode")}
                    />
                  )}
                </Field>
                <Field label="Own price" error={wrong(index, "price")}>
                  {(wiring) => (
                    <Input
                      inputMode="decimal"
                      placeholder={price}
                      {...wiring}
                      {...register(index, "price")}
                    />
                  )}
                </Field>
                <Field label="Units" error={wrong(index, "quantity")}>
                  {(wiring) => <Input inputMode="numeric" {...wiring} {...register(index, "quantity")} />}
                </Field>
              </div>
            </li>
          );
        })}
      </ul>
      <p aria-live="polite" className="mt-3 flex flex-wrap items-center gap-x-3 text-muted text-sm">
        {counted(rows.length, "variant")}, {counted(units, "unit")} in all. Without an own price, a variant
        costs what the product costs.
        {leftOut > 0 && (
          <button
            type="button"
            onClick={onBringBack}
            className="rounded font-medium text-ink underline underline-offset-4"
          >
            Bring back {counted(leftOut, "combination")}
          </button>
        )}
      </p>
    </div>
  );
}
