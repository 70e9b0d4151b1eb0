import { api, dataOf } from "@/api/client";
import { isApiError } from "@/api/errors";
import type { Schemas } from "@/api/types";
import { toast } from "@/components/ui/toast";

export type Scanned = Schemas["ScannedView"];

/** The product that has a scanned code as its barcode, SKU or id, and what of it the code means. */
export function findByCode(code: string): Promise<Scanned> {
  return dataOf(api.GET("/inventory/scan", { params: { query: { code } } }));
}

/** Says that a scan found nothing, or why it could not be looked up. */
export function reportScan(error: unknown, code: string): void {
  toast.error(isApiError(error, "NOT_FOUND") ? `Nothing has the code ${code}` : error);
}
