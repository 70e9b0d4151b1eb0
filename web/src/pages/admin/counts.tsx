import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ClipboardCheck, Plus } from "lucide-react";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { z } from "zod";
import { api, dataOf } from "@/api/client";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { CancelButton, Dialog } from "@/components/ui/dialog";
import { SelectField, TextField } from "@/components/ui/field";
import { PagedTable } from "@/components/ui/paged-table";
import { EmptyState, ErrorNote } from "@/components/ui/states";
import { PageHeader } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { Time } from "@/components/ui/values";
import { titled } from "@/features/catalog/options";
import { countsPage, type StockCount } from "@/features/counts/queries";
import { CountBadge, countName } from "@/features/counts/status";
import { categories } from "@/features/products/queries";
import { useLocations } from "@/features/stock/locations";
import { formatCount } from "@/lib/count";
import { useApiForm } from "@/lib/use-api-form";
import { useList } from "@/lib/use-list";

/** Sessions in which the stock of a location is counted. */
export default function Counts() {
  const { trail, go } = useList();
  const page = useQuery(countsPage(trail.token));
  const [opening, setOpening] = useState(false);
  const { nameOf } = useLocations();
  const columns: Column<StockCount>[] = [
    {
      id: "name",
      header: "Count",
      meta: { card: "title" },
      cell: ({ row: { original: count } }) => (
        <>
          <Link
            to={`/admin/counts/${encodeURIComponent(count.id)}`}
            className="rounded font-medium hover:underline"
          >
            {countName(count)}
          </Link>
          <span className="block font-normal text-muted text-xs">{nameOf(count.location)}</span>
        </>
      ),
    },
    { id: "opened", header: "Opened", cell: ({ row }) => <Time value={row.original.createdAt} /> },
    {
      id: "lines",
      header: "Products",
      meta: { align: "right" },
      cell: ({ row }) => formatCount(row.original.lines),
    },
    {
      id: "differing",
      header: "Differing",
      meta: { align: "right" },
      cell: ({ row }) => formatCount(row.original.differing),
    },
    { id: "state", header: "State", cell: ({ row }) => <CountBadge status={row.original.status} /> },
  ];
  const open = (
    <Button onClick={() => setOpening(true)}>
      <Plus aria-hidden className="size-4" /> New count
    </Button>
  );
  return (
    <Page title="Counts">
      <PageHeader
        title="Counts"
        description="Count what is on the shelves with a scanner or a phone, and book the differences in one go."
        actions={open}
      />
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption="Counts"
        columns={columns}
        rowKey={(count) => count.id}
        empty={
          <EmptyState icon={ClipboardCheck} title="Nothing was counted yet" action={open}>
            A count compares the shelves of one location with the books. Selling can go on meanwhile.
          </EmptyState>
        }
      />
      {opening && <OpenDialog onClose={() => setOpening(false)} />}
    </Page>
  );
}

const schema = z.object({
  name: z.string().trim().max(100, "At most 100 characters"),
  location: z.string(),
  category: z.string(),
});

function OpenDialog({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const { locations } = useLocations();
  const { data: known = [] } = useQuery(categories);
  const form = useApiForm(schema, { name: "", location: "default", category: "" }, async (values) => {
    const made = await dataOf(api.POST("/inventory/counts", { body: values }));
    await client.invalidateQueries({ queryKey: ["admin", "counts"] });
    onClose();
    navigate(`/admin/counts/${encodeURIComponent(made.id)}`);
  });
  return (
    <Dialog open onClose={onClose} title="New count">
      <form onSubmit={form.onSubmit} noValidate className="flex flex-col gap-4">
        <SelectField label="Location" error={form.wrong("location")} {...form.register("location")}>
          {locations.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
        <SelectField label="What is counted" error={form.wrong("category")} {...form.register("category")}>
          <option value="">Everything</option>
          {known.map((name) => (
            <option key={name} value={name}>
              {titled(name)}
            </option>
          ))}
        </SelectField>
        <TextField
          label="Name (optional)"
          hint="It is written on every movement that the count books."
          error={form.wrong("name")}
          {...form.register("name")}
        />
        <ErrorNote error={form.error} />
        <div className="flex justify-end gap-2">
          <CancelButton>Cancel</CancelButton>
          <Button type="submit" busy={form.busy}>
            Begin
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
