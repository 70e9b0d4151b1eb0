import type { KeyboardEvent } from "react";
import type { UseFormRegister } from "react-hook-form";
import { TextField } from "@/components/ui/field";
import { parseMoney } from "@/lib/money";
import { marginOf } from "./rate";

/** The fields of a product that this part of its form holds, as they are typed. */
export interface CodeFieldValues {
  price: string;
  currency: string;
  barcode: string;
  cost: string;
  weightGrams: string;
  taxRate: string;
}

/** A scanner ends with Enter, which would send the form. */
export function withoutEnter(event: KeyboardEvent): void {
  if (event.key === "Enter") event.preventDefault();
}

/** Barcode, cost, weight and tax rate; none of them has to be given. Of a variant, what is empty is the product's. */
export function CodeFields({
  values,
  ofProduct,
  register,
  wrong,
}: {
  values: CodeFieldValues;
  /** What a variant has where its own field is empty. */
  ofProduct?: CodeFieldValues;
  register: (
    name: "barcode" | "cost" | "weightGrams" | "taxRate",
  ) => ReturnType<UseFormRegister<CodeFieldValues>>;
  wrong: (name: "barcode" | "cost" | "weightGrams" | "taxRate") => string | undefined;
}) {
  const margin = marginOf(
    parseMoney(values.price || (ofProduct?.price ?? ""), values.currency),
    parseMoney(values.cost || (ofProduct?.cost ?? ""), values.currency),
  );
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <TextField
        label="Barcode"
        autoComplete="off"
        hint="An EAN, a UPC, or any other code on your labels."
        error={wrong("barcode")}
        onKeyDown={withoutEnter}
        {...register("barcode")}
      />
      <TextField
        label="Cost of a unit"
        placeholder={ofProduct?.cost}
        inputMode="decimal"
        hint={
          margin === null
            ? "What you pay for it. Buyers never see it."
            : `The margin is ${String(margin)} % of the price. Buyers never see it.`
        }
        error={wrong("cost")}
        {...register("cost")}
      />
      <TextField
        label="Weight in grams"
        placeholder={ofProduct?.weightGrams}
        inputMode="numeric"
        error={wrong("weightGrams")}
        {...register("weightGrams")}
      />
      <TextField
        label="Tax rate in percent"
        placeholder={ofProduct?.taxRate}
        inputMode="decimal"
        error={wrong("taxRate")}
        {...register("taxRate")}
      />
    </div>
  );
}
