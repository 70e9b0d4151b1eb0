import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, dataOf } from "@/api/client";
import type { Product, Schemas } from "@/api/types";

export type ProductVariant = Schemas["VariantView"];

/**
 * The variants of a product, changed at once. `onChange` is given the product after each change: one version more,
 * unless somebody else changed it too.
 */
export function useVariants(product: Product | null, onChange: (product: Product) => void) {
  const client = useQueryClient();
  const [variants, setVariants] = useState<ProductVariant[] | null>(
    product?.stockPerVariant ? (product.variants ?? []) : null,
  );
  const show = (now: Product) => {
    setVariants(now.variants ?? null);
    onChange(now);
    for (const name of ["admin", "goods"]) void client.invalidateQueries({ queryKey: [name] });
  };
  const id = product?.id ?? "";
  const add = useMutation({
    mutationFn: (body: Schemas["NewVariantBody"]) =>
      dataOf(api.POST("/products/{id}/variants", { params: { path: { id } }, body })),
    onSuccess: show,
  });
  const change = useMutation({
    mutationFn: ({ variantId, body }: { variantId: string; body: Schemas["VariantPatch"] }) =>
      dataOf(api.PATCH("/products/{id}/variants/{variantId}", { params: { path: { id, variantId } }, body })),
    onSuccess: show,
  });
  const remove = useMutation({
    mutationFn: (variantId: string) =>
      dataOf(api.DELETE("/products/{id}/variants/{variantId}", { params: { path: { id, variantId } } })),
    onSuccess: show,
  });
  return { variants, add: add.mutateAsync, change: change.mutateAsync, remove: remove.mutateAsync, show };
}
