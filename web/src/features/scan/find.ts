import { api, dataOf } from "@/api/client";
import { isApiError } from "@/api/errors";
import { toast } from "@/components/ui/toast";

/** The id of the product that has a scanned code as its SKU. */
export async function findByCode(code: string): Promise<string> {
  const { productId } = await dataOf(api.GET("/inventory/sku/{sku}", { params: { path: { sku: code } } }));
  return productId;
}

/** Says that a scan found nothing, or why it could not be looked up. */
export function reportScan(error: unknown, code: string): void {
  toast.error(isApiError(error, "NOT_FOUND") ? `Nothing has the code ${code}` : error);
}
