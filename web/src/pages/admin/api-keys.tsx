import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { z } from "zod";
import { api, dataOf } from "@/api/client";
import type { Schemas } from "@/api/types";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { CopyText } from "@/components/ui/copy";
import { CancelButton, Dialog } from "@/components/ui/dialog";
import { TextField } from "@/components/ui/field";
import { PagedTable } from "@/components/ui/paged-table";
import { EmptyState, ErrorNote } from "@/components/ui/states";
import { Badge, Card, PageHeader } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { toast } from "@/components/ui/toast";
import { Time } from "@/components/ui/values";
import { Confirm } from "@/features/operations/parts";
import { type ApiKey, apiKeysPage } from "@/features/operations/queries";
import { useApiForm } from "@/lib/use-api-form";
import { useList } from "@/lib/use-list";

const SCOPES = {
  inventory: "Change stock: restock, adjust, count, transfer",
  reservations: "Reserve, confirm and cancel for others",
  sales: "Record sales at the till",
  "orders:pack": "Mark orders as packed",
  "orders:deliver": "Mark orders as delivered",
  "products:write": "Add, change and delete products and their pictures",
  metrics: "Read the metrics",
} as const;

/** Keys by which machines act: a warehouse, a till, a monitor. */
export default function ApiKeys() {
  const { trail, go } = useList();
  const page = useQuery(apiKeysPage(trail.token));
  const [making, setMaking] = useState(false);
  const [unwanted, setUnwanted] = useState<ApiKey | null>(null);
  const add = (
    <Button onClick={() => setMaking(true)}>
      <Plus aria-hidden className="size-4" />
      New API key
    </Button>
  );
  return (
    <Page title="API keys">
      <PageHeader
        title="API keys"
        description="Keys for machines that use the API. A key can do only what its scopes allow."
        actions={add}
      />
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption="API keys, newest first"
        columns={columns(setUnwanted)}
        rowKey={(key) => key.id}
        empty={
          <Card>
            <EmptyState icon={KeyRound} title="No API key yet" action={add}>
              Create one key per machine, so that you can revoke each by itself.
            </EmptyState>
          </Card>
        }
      />
      {making && <NewKey onClose={() => setMaking(false)} />}
      <Revoke unwanted={unwanted} onClose={() => setUnwanted(null)} />
    </Page>
  );
}

function columns(onRevoke: (key: ApiKey) => void): Column<ApiKey>[] {
  return [
    {
      id: "name",
      header: "Name",
      meta: { card: "title" },
      cell: ({ row }) => <span className="block max-w-60 truncate font-medium">{row.original.name}</span>,
    },
    {
      id: "key",
      header: "Key",
      cell: ({ row }) => <code className="font-mono text-xs">sw_…{row.original.hint}</code>,
    },
    {
      id: "scopes",
      header: "May",
      cell: ({ row }) => (
        <span className="flex flex-wrap gap-1.5 max-md:justify-end">
          {row.original.scopes.map((scope) => (
            <Badge key={scope}>{scope}</Badge>
          ))}
        </span>
      ),
    },
    {
      id: "used",
      header: "Last used",
      cell: ({ row }) =>
        row.original.lastUsedAt ? (
          <Time value={row.original.lastUsedAt} />
        ) : (
          <span className="text-muted">Never</span>
        ),
    },
    { id: "made", header: "Made", cell: ({ row }) => <Time value={row.original.createdAt} /> },
    {
      id: "actions",
      header: () => <span className="sr-only">Actions</span>,
      meta: { card: "actions", align: "right" },
      cell: ({ row: { original: key } }) => (
        <Button size="sm" variant="secondary" aria-label={`Revoke ${key.name}`} onClick={() => onRevoke(key)}>
          Revoke
        </Button>
      ),
    },
  ];
}

const newKey = z.object({
  name: z.string().trim().min(1, "Give it a name").max(100, "At most 100 characters"),
  scopes: z.array(z.string()).min(1, "Choose at least one scope"),
});

function NewKey({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [made, setMade] = useState<Schemas["MadeKeyView"] | null>(null);
  const form = useApiForm(newKey, { name: "", scopes: [] }, async (body) => {
    setMade(await dataOf(api.POST("/api-keys", { body })));
    client.invalidateQueries({ queryKey: ["admin", "api-keys"] });
  });
  if (made) return <Made made={made} onClose={onClose} />;
  const wrong = form.wrong("scopes");
  return (
    <Dialog
      open
      onClose={onClose}
      title="New API key"
      description="The key is shown once, right after it is made."
      footer={
        <>
          <CancelButton>Cancel</CancelButton>
          <Button type="submit" form="new-key" busy={form.busy}>
            Create the key
          </Button>
        </>
      }
    >
      <form id="new-key" onSubmit={form.onSubmit} noValidate className="flex flex-col gap-5">
        <TextField
          label="Name"
          hint="The machine that will use it"
          placeholder="Warehouse scanner"
          autoComplete="off"
          error={form.wrong("name")}
          {...form.register("name")}
        />
        <fieldset aria-describedby={wrong ? "scopes-error" : undefined}>
          <legend className="mb-1.5 font-medium text-sm">Scopes</legend>
          <div className="divide-y rounded-xl border">
            {Object.entries(SCOPES).map(([scope, meaning]) => (
              <label
                key={scope}
                className="flex cursor-pointer items-start gap-3 px-4 py-3 hover:bg-sunken/60"
              >
                <input
                  type="checkbox"
                  value={scope}
                  className="mt-0.5 size-4.5 accent-brand"
                  {...form.register("scopes")}
                />
                <span className="text-sm">
                  {meaning}
                  <code className="block font-mono text-muted text-xs">{scope}</code>
                </span>
              </label>
            ))}
          </div>
          {wrong && (
            <p id="scopes-error" role="alert" className="mt-1.5 text-danger text-sm">
              {wrong}
            </p>
          )}
        </fieldset>
        <ErrorNote error={form.error} />
      </form>
    </Dialog>
  );
}

function Made({ made, onClose }: { made: Schemas["MadeKeyView"]; onClose: () => void }) {
  return (
    <Dialog
      open
      // A slip beside the dialog must not lose the key: only its own button closes it.
      onClose={() =>
        toast.info("Copy the key first", { description: "It cannot be shown again. Then press Done." })
      }
      size="md"
      title={`The key of ${made.name}`}
      description="Copy it now: it cannot be shown again."
      footer={<Button onClick={onClose}>Done</Button>}
    >
      <CopyText label="API key" value={made.key} />
      <p className="mt-4 text-muted text-sm">
        The machine sends it as{" "}
        <code className="font-mono text-xs">Authorization: {made.key.slice(0, 6)}…</code>
      </p>
    </Dialog>
  );
}

function Revoke({ unwanted, onClose }: { unwanted: ApiKey | null; onClose: () => void }) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: (id: string) => dataOf(api.DELETE("/api-keys/{id}", { params: { path: { id } } })),
    onSuccess: () => {
      onClose();
      toast.success("The key is revoked");
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["admin", "api-keys"] }),
  });
  return (
    <Confirm
      open={unwanted !== null}
      onClose={() => {
        revoke.reset();
        onClose();
      }}
      title={`Revoke ${unwanted?.name ?? "this key"}?`}
      action="Revoke it"
      danger
      busy={revoke.isPending}
      error={revoke.error}
      onConfirm={() => unwanted && revoke.mutate(unwanted.id)}
    >
      Whatever uses it is refused from now on. This cannot be taken back; a new key can be made.
    </Confirm>
  );
}
