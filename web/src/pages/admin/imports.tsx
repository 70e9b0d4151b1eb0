import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FileUp } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { PagedTable } from "@/components/ui/paged-table";
import { EmptyState, ErrorNote } from "@/components/ui/states";
import { Card, PageHeader } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { Time } from "@/components/ui/values";
import { Choose } from "@/features/imports/choose";
import { guessed, MapColumns } from "@/features/imports/mapping";
import { Counts, KINDS, Pictures, StatusBadge, Understood } from "@/features/imports/parts";
import {
  type Import,
  type ImportSummary,
  importsPage,
  lookAt,
  type Mapping,
  sendFile,
  type Wanted,
} from "@/features/imports/queries";
import { Findings, Result } from "@/features/imports/result";
import { formatCount } from "@/lib/count";
import { once } from "@/lib/one-click";
import { useList } from "@/lib/use-list";

/** Files of products and stock: looked at first, booked, and undone. */
export default function Imports() {
  const { params, trail, set, go } = useList();
  const id = params.get("import");
  const again = () => set({ import: undefined });
  return (
    <Page title="Imports">
      <PageHeader
        title="Imports"
        description="Bring products or stock from a spreadsheet. You see every change before it is booked, and can undo it."
      />
      {id ? (
        <Result id={id} onAgain={again} />
      ) : (
        <>
          <NewImport onBooked={({ importId }) => set({ import: importId })} />
          <Former token={trail.token} trail={trail} go={go} />
        </>
      )}
    </Page>
  );
}

function NewImport({ onBooked }: { onBooked: (booked: Import) => void }) {
  const client = useQueryClient();
  const [wanted, setWanted] = useState<Wanted>({ kind: "products", mode: "add", onError: "stop" });
  const [file, setFile] = useState<File | null>(null);
  // What somebody says that the columns are; null where a profile knows them.
  const [mapping, setMapping] = useState<Mapping | null>(null);
  const check = useMutation({
    mutationFn: ({ file, wanted, mapping }: { file: File; wanted: Wanted; mapping: Mapping | null }) =>
      sendFile(file, wanted, true, mapping),
  });
  const book = useMutation({
    mutationFn: (file: File) => sendFile(file, wanted, false, mapping),
    onSuccess: onBooked,
    onSettled: () => client.invalidateQueries({ queryKey: ["admin"] }),
  });
  const columns = useMutation({
    mutationFn: ({ file, wanted }: { file: File; wanted: Wanted }) => lookAt(file, wanted.kind),
    onSuccess: (found, { file, wanted }) => {
      setMapping(found.profile ? null : guessed(found));
      // Others' files of stock have what is there, not what came in.
      const foreign = wanted.kind === "stock" && wanted.mode === "add" && found.profile === "shopify";
      const meant: Wanted = foreign ? { ...wanted, mode: "count" } : wanted;
      setWanted(meant);
      if (found.profile) check.mutate({ file, wanted: meant, mapping: null });
    },
  });
  const look = (file: File, wanted: Wanted) => {
    setFile(file);
    book.reset();
    check.reset();
    columns.mutate({ file, wanted });
  };
  const change = (changed: Wanted) => {
    setWanted(changed);
    if (!file) return;
    if (changed.kind !== wanted.kind) look(file, changed);
    else if (check.data || check.error) check.mutate({ file, wanted: changed, mapping });
  };
  const seen = check.data;
  const rows = seen ? seen.created + seen.updated : 0;
  const stopped = wanted.onError === "stop" && (seen?.failed ?? 0) > 0;
  return (
    <div className="mb-10 flex flex-col gap-6">
      <Choose
        wanted={wanted}
        onWanted={change}
        onFile={(file) => look(file, wanted)}
        busy={columns.isPending || check.isPending}
      />
      {columns.data && mapping && file && (
        <MapColumns
          found={columns.data}
          mapping={mapping}
          onMapping={(mapping) => {
            setMapping(mapping);
            check.reset();
          }}
          onCheck={() => check.mutate({ file, wanted, mapping })}
          busy={check.isPending}
        />
      )}
      <ErrorNote error={columns.error ?? check.error ?? book.error} />
      {seen && file && !check.isPending && (
        <>
          <Card className="flex flex-wrap items-center gap-4 p-5">
            <div className="min-w-0 flex-1">
              <h2 className="truncate font-semibold text-lg">{file.name}</h2>
              <Understood found={seen} />
              <Pictures found={seen} />
            </div>
            <Button
              disabled={stopped || rows === 0}
              busy={book.isPending}
              onClick={once(() => book.mutate(file))}
            >
              Book {formatCount(rows)} {wanted.kind === "products" ? "products" : "rows"}
            </Button>
          </Card>
          <Counts found={seen} />
          <Findings found={seen} />
        </>
      )}
    </div>
  );
}

function Former({
  token,
  trail,
  go,
}: {
  token: string | null;
  trail: ReturnType<typeof useList>["trail"];
  go: ReturnType<typeof useList>["go"];
}) {
  const page = useQuery(importsPage(token));
  return (
    <section>
      <h2 className="mb-4 font-semibold text-xl">Former imports</h2>
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption="Imports, newest first"
        columns={COLUMNS}
        rowKey={({ importId }) => importId}
        empty={
          <EmptyState icon={FileUp} title="Nothing was imported yet">
            Each import is listed here, with what it found and the way to undo it.
          </EmptyState>
        }
      />
    </section>
  );
}

const COLUMNS: Column<ImportSummary>[] = [
  {
    id: "file",
    header: "File",
    meta: { card: "title" },
    cell: ({ row: { original: each } }) => (
      <Link
        to={`/admin/imports?import=${encodeURIComponent(each.importId)}`}
        className="break-all font-medium hover:underline"
      >
        {each.fileName || each.importId}
      </Link>
    ),
  },
  { id: "kind", header: "Holds", cell: ({ row }) => KINDS[row.original.kind] },
  { id: "status", header: "Status", cell: ({ row }) => <StatusBadge status={row.original.status} /> },
  { id: "rows", header: "Rows", meta: { align: "right" }, cell: ({ row }) => formatCount(row.original.rows) },
  {
    id: "booked",
    header: "Booked",
    meta: { align: "right" },
    cell: ({ row: { original: each } }) => (each.dryRun ? "–" : formatCount(each.created + each.updated)),
  },
  { id: "when", header: "When", cell: ({ row }) => <Time value={row.original.createdAt} /> },
];
