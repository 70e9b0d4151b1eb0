import { Link } from "react-router";

/** A product in a table of the back office: its name, which leads to its page, over its SKU. */
export function ProductName({ id, name, sku }: { id: string; name: string; sku: string }) {
  return (
    <>
      <Link to={`/admin/products/${encodeURIComponent(id)}`} className="rounded font-medium hover:underline">
        {name}
      </Link>
      <span className="block font-normal text-muted text-xs">{sku}</span>
    </>
  );
}
