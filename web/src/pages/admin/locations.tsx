import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { MapPin, Pencil, Plus } from "lucide-react";
import { useState } from "react";
import { z } from "zod";
import { api, dataOf, ifMatch } from "@/api/client";
import { conflictingState } from "@/api/errors";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { CancelButton, Dialog } from "@/components/ui/dialog";
import { Switch, TextField } from "@/components/ui/field";
import { EmptyState, ErrorNote, ErrorState } from "@/components/ui/states";
import { PageHeader } from "@/components/ui/surfaces";
import { type Column, DataTable } from "@/components/ui/table";
import { toast } from "@/components/ui/toast";
import { parseWhole } from "@/features/stock/change";
import { type Location, locations } from "@/features/stock/queries";
import { useApiForm } from "@/lib/use-api-form";

/** The locations that hold stock, and the order in which units are allocated from them. */
export default function Locations() {
  const found = useQuery(locations);
  const [opened, setOpened] = useState<Location | "new" | null>(null);
  const columns: Column<Location>[] = [
    {
      id: "name",
      header: "Location",
      meta: { card: "title" },
      cell: ({ row: { original: location } }) => (
        <>
          <span className="font-medium">{location.name}</span>
          <span className="block font-normal text-muted text-xs">{location.id}</span>
        </>
      ),
    },
    {
      id: "priority",
      header: "Priority",
      meta: { align: "right" },
      cell: ({ row }) => row.original.priority,
    },
    { id: "state", header: "State", cell: ({ row }) => <ActiveSwitch location={row.original} /> },
    {
      id: "actions",
      header: () => <span className="sr-only">Change</span>,
      meta: { card: "actions", align: "right" },
      cell: ({ row: { original: location } }) => (
        <Button
          size="sm"
          variant="secondary"
          aria-label={`Change ${location.name}`}
          onClick={() => setOpened(location)}
        >
          <Pencil aria-hidden className="size-3.5" /> Change
        </Button>
      ),
    },
  ];
  return (
    <Page title="Locations">
      <PageHeader
        title="Locations"
        description="Where stock is kept. Orders take units from the active location with the lowest priority number first."
        actions={
          <Button onClick={() => setOpened("new")}>
            <Plus aria-hidden className="size-4" /> Add a location
          </Button>
        }
      />
      {found.isError && !found.data ? (
        <ErrorState error={found.error} onRetry={() => found.refetch()} />
      ) : (
        <DataTable
          caption="Locations"
          columns={columns}
          rows={found.data}
          rowKey={(location) => location.id}
          loading={found.isPending}
          empty={
            <EmptyState
              icon={MapPin}
              title="There is no location yet"
              action={<Button onClick={() => setOpened("new")}>Add a location</Button>}
            >
              The first product you list makes one; or name your own now.
            </EmptyState>
          }
        />
      )}
      {opened && (
        <LocationDialog location={opened === "new" ? null : opened} onClose={() => setOpened(null)} />
      )}
    </Page>
  );
}

/** At once, and back again where the server refuses (units that nobody could reach, for one). */
function ActiveSwitch({ location }: { location: Location }) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (active: boolean) =>
      dataOf(
        api.PATCH("/locations/{id}", {
          params: { path: { id: location.id } },
          body: { active },
          headers: ifMatch(location.version),
        }),
      ),
    onMutate: (active) => {
      const before = client.getQueryData(locations.queryKey);
      client.setQueryData(locations.queryKey, (all) =>
        all?.map((each) => (each.id === location.id ? { ...each, active } : each)),
      );
      return { before };
    },
    onError: (error, _, context) => {
      if (context?.before) client.setQueryData(locations.queryKey, context.before);
      toast.error(error);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["admin"] }),
  });
  return (
    <span className="inline-flex items-center gap-3">
      <Switch
        label={`${location.name} is active`}
        checked={location.active}
        disabled={change.isPending}
        onChange={(active) => change.mutate(active)}
      />
      <span className="text-left md:w-16">{location.active ? "Active" : "Inactive"}</span>
    </span>
  );
}

const schema = z.object({
  name: z.string().trim().min(1, "Enter a name").max(100, "At most 100 characters"),
  id: z.string().trim().max(64, "At most 64 characters"),
  priority: z.string().refine((text) => {
    const units = parseWhole(text);
    return units !== null && units >= 0;
  }, "A whole number, 0 or more"),
});

function LocationDialog({ location, onClose }: { location: Location | null; onClose: () => void }) {
  const client = useQueryClient();
  const [known, setKnown] = useState(location);
  const [moved, setMoved] = useState<Location | null>(null);
  const form = useApiForm(
    schema,
    { name: location?.name ?? "", id: location?.id ?? "", priority: String(location?.priority ?? 100) },
    async ({ name, id, priority }) => {
      const body = { name, priority: parseWhole(priority) ?? 100 };
      try {
        if (known) {
          await dataOf(
            api.PATCH("/locations/{id}", {
              params: { path: { id: known.id } },
              body,
              headers: ifMatch(known.version),
            }),
          );
        } else await dataOf(api.POST("/locations", { body: { ...body, id: id || name } }));
      } catch (failed) {
        const now = conflictingState<Location>(failed);
        if (!now) throw failed;
        setMoved(now);
        setKnown(now);
        return false;
      }
      toast.success(known ? `${name} is changed` : `${name} is added`);
      await client.invalidateQueries({ queryKey: ["admin"] });
      onClose();
    },
    { taken: "id" },
  );
  return (
    <Dialog open onClose={onClose} title={location ? location.name : "Add a location"}>
      <form onSubmit={form.onSubmit} noValidate className="flex flex-col gap-4">
        <TextField label="Name" data-autofocus error={form.wrong("name")} {...form.register("name")} />
        {!location && (
          <TextField
            label="Short name (optional)"
            hint="The ID that imports and the API use. It cannot be changed later."
            error={form.wrong("id")}
            {...form.register("id")}
          />
        )}
        <TextField
          label="Priority"
          inputMode="numeric"
          hint="Orders take units from the location with the lowest number first."
          error={form.wrong("priority")}
          {...form.register("priority")}
        />
        {moved && (
          <p role="alert" className="rounded-xl bg-warning-soft px-4 py-3 text-sm text-warning">
            Somebody changed it meanwhile: it is called {moved.name}, with priority {moved.priority}. Save
            again to put yours in its place.
          </p>
        )}
        <ErrorNote error={form.error} />
        <div className="flex justify-end gap-2">
          <CancelButton>Cancel</CancelButton>
          <Button type="submit" busy={form.busy}>
            {location ? "Save" : "Add"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
