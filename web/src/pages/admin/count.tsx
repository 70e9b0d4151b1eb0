import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Camera, ClipboardCheck, Printer, ScanBarcode, WifiOff } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Link, useParams } from "react-router";
import { api, dataOf } from "@/api/client";
import { Page } from "@/components/layout/page";
import { BackLink } from "@/components/ui/back-link";
import { Button, buttonClass } from "@/components/ui/button";
import { CancelButton, Dialog } from "@/components/ui/dialog";
import { SelectField, TextField } from "@/components/ui/field";
import { PagedTable } from "@/components/ui/paged-table";
import { Quantity } from "@/components/ui/quantity";
import { Segmented } from "@/components/ui/segmented";
import { EmptyState, ErrorNote, ErrorState } from "@/components/ui/states";
import { Card, PageHeader, Skeleton } from "@/components/ui/surfaces";
import type { Column } from "@/components/ui/table";
import { toast } from "@/components/ui/toast";
import {
  type CountLine,
  count,
  countLines,
  countUnits,
  lastCounted,
  type StockCount,
  scans,
} from "@/features/counts/queries";
import { CountBadge, countName, signed } from "@/features/counts/status";
import { ProductName } from "@/features/products/product-name";
import { useScans } from "@/features/scan/use-scans";
import { useLocations } from "@/features/stock/locations";
import { stockChanged } from "@/features/stock/queries";
import { canUseCamera, ScanDialog } from "@/features/till/scan-dialog";
import { formatCount } from "@/lib/count";
import { useStore } from "@/lib/store";
import { useList } from "@/lib/use-list";

/** One count: scan or type what is there, look at the differences, book them. */
export default function Count() {
  const { id = "" } = useParams();
  const found = useQuery(count(id));
  const { nameOf } = useLocations();
  if (found.isError && !found.data)
    return (
      <Page title="Count">
        <ErrorState error={found.error} onRetry={() => found.refetch()} heading="h1" />
      </Page>
    );
  if (!found.data)
    return (
      <Page title="Count">
        <Skeleton className="h-96 rounded-2xl" />
      </Page>
    );
  const session = found.data;
  return (
    <Page title={countName(session)}>
      <BackLink to="/admin/counts">Counts</BackLink>
      <PageHeader
        title={countName(session)}
        description={
          <>
            {nameOf(session.location)} <CountBadge status={session.status} />
          </>
        }
        actions={<Actions session={session} />}
      />
      <Sums session={session} />
      {session.status === "OPEN" && <Scanner id={session.id} />}
      <Lines session={session} />
    </Page>
  );
}

function Sums({ session }: { session: StockCount }) {
  const sums: [string, number][] = [
    ["Products", session.lines],
    ["Units", session.units],
    ["Differing", session.differing],
    ["Too many", session.over],
    ["Missing", session.under],
  ];
  if (session.refused) sums.push(["Not booked", session.refused]);
  return (
    <dl className="mb-6 grid grid-cols-3 gap-x-6 gap-y-3 sm:flex sm:flex-wrap sm:gap-x-10">
      {sums.map(([name, value]) => (
        <div key={name}>
          <dt className="text-muted text-sm">{name}</dt>
          <dd className="font-semibold text-xl tabular-nums">{formatCount(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Takes scans wherever the cursor is, and codes and quantities that are typed. */
function Scanner({ id }: { id: string }) {
  const [code, setCode] = useState("");
  const [units, setUnits] = useState(1);
  const [camera, setCamera] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const { waiting, refused, offline } = useStore(scans.state);
  const last = useStore(lastCounted);
  useEffect(() => {
    void scans.run();
  }, []);
  useScans((scanned) => countUnits(id, scanned, 1), { inFields: true });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!code.trim()) return;
    countUnits(id, code.trim(), units);
    setCode("");
    setUnits(1);
    field.current?.focus();
  };
  const mine = refused.filter(({ scan }) => scan.countId === id);
  return (
    <Card className="mb-6 p-4 sm:p-5">
      <form onSubmit={submit} noValidate className="flex flex-wrap items-end gap-3">
        <TextField
          ref={field}
          label="SKU or code"
          autoComplete="off"
          enterKeyHint="done"
          className="min-w-48 flex-1"
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
        <Quantity label="Units" value={units} onChange={setUnits} />
        <Button type="submit">
          <ScanBarcode aria-hidden className="size-4" /> Count
        </Button>
        {canUseCamera() && (
          <Button type="button" variant="secondary" onClick={() => setCamera(true)}>
            <Camera aria-hidden className="size-4" /> Camera
          </Button>
        )}
      </form>
      <div aria-live="polite" className="mt-3 min-h-6 text-sm">
        {last?.sku ? (
          <p>
            <span className="font-medium">{last.name}</span>{" "}
            <span className="text-muted">
              {last.sku}: {formatCount(last.counted)} counted
            </span>
          </p>
        ) : (
          <p className="text-muted">Scan anywhere on this page: each scan counts one unit.</p>
        )}
        {waiting.length > 0 && (
          <p className="mt-1 flex items-center gap-1.5 text-warning">
            {offline && <WifiOff aria-hidden className="size-4" />}
            {waiting.length === 1 ? "1 scan waits" : `${formatCount(waiting.length)} scans wait`}
            {offline ? " in this browser until the shop is reached again." : " to be sent."}
          </p>
        )}
      </div>
      {mine.length > 0 && (
        <ul role="alert" aria-label="Scans that were refused" className="mt-3 flex flex-col gap-2">
          {mine.map(({ scan, message }) => (
            <li
              key={scan.key}
              className="flex items-center justify-between gap-3 rounded-xl bg-danger-soft px-4 py-2 text-danger text-sm"
            >
              <span>
                <span className="font-medium">{scan.code}</span>: {message}
              </span>
              <Button variant="ghost" size="sm" onClick={() => scans.dismiss(scan.key)}>
                Dismiss
              </Button>
            </li>
          ))}
        </ul>
      )}
      {camera && <ScanDialog onCode={(seen) => countUnits(id, seen, 1)} onClose={() => setCamera(false)} />}
    </Card>
  );
}

const VIEWS = [
  { value: "all", label: "Counted" },
  { value: "differing", label: "Differences" },
] as const;

function Lines({ session }: { session: StockCount }) {
  const { params, trail, set, go } = useList();
  const view = params.get("view") === "differing" ? "differing" : "all";
  const page = useQuery(countLines(session.id, view === "differing", trail.token));
  const [recounted, setRecounted] = useState<CountLine | null>(null);
  const columns: Column<CountLine>[] = [
    {
      id: "product",
      header: "Product",
      meta: { card: "title" },
      cell: ({ row: { original: line } }) => (
        <ProductName id={line.productId} name={line.name || line.sku} sku={line.sku} />
      ),
    },
    {
      id: "counted",
      header: "Counted",
      meta: { align: "right" },
      cell: ({ row }) => formatCount(row.original.counted),
    },
    {
      id: "expected",
      header: "In the books",
      meta: { align: "right" },
      cell: ({ row }) => formatCount(row.original.expected),
    },
    {
      id: "difference",
      header: "Difference",
      meta: { align: "right" },
      cell: ({ row: { original: line } }) => (
        <>
          <span className={line.difference ? "font-medium text-danger" : "text-muted"}>
            {signed(line.difference)}
          </span>
          {line.movedMeanwhile !== 0 && session.status === "OPEN" && (
            <span className="block text-warning text-xs">
              {formatCount(Math.abs(line.movedMeanwhile))} moved meanwhile: count again
            </span>
          )}
          {line.refused && <span className="block text-danger text-xs">Not booked: {line.refused}</span>}
        </>
      ),
    },
    ...(session.status === "OPEN"
      ? [
          {
            id: "actions",
            header: () => <span className="sr-only">Actions</span>,
            meta: { card: "actions", align: "right" },
            cell: ({ row: { original: line } }) => (
              <Button
                size="sm"
                variant="secondary"
                aria-label={`Count ${line.name} again`}
                onClick={() => setRecounted(line)}
              >
                Count again
              </Button>
            ),
          } satisfies Column<CountLine>,
        ]
      : []),
  ];
  return (
    <>
      <Segmented
        label="Which products"
        value={view}
        onChange={(next) => set({ view: next === "all" ? undefined : next })}
        segments={VIEWS}
        className="mb-4 sm:w-80"
      />
      <PagedTable
        page={page}
        trail={trail}
        onPage={go}
        caption="Counted products"
        columns={columns}
        rowKey={(line) => line.variantId}
        empty={
          <EmptyState
            icon={ClipboardCheck}
            title={view === "differing" ? "Nothing differs" : "Nothing was counted yet"}
          >
            {view === "differing"
              ? "What was counted so far is what the books say."
              : "Scan the first product, or type its SKU."}
          </EmptyState>
        }
      />
      {recounted && (
        <RecountDialog countId={session.id} line={recounted} onClose={() => setRecounted(null)} />
      )}
    </>
  );
}

function RecountDialog({
  countId,
  line,
  onClose,
}: {
  countId: string;
  line: CountLine;
  onClose: () => void;
}) {
  const [units, setUnits] = useState(line.counted);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    countUnits(countId, line.sku, units, true);
    onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={line.name || line.sku}
      description="What is on the shelf now, in all"
    >
      <form onSubmit={submit} className="flex items-center justify-between gap-4">
        <Quantity label="Units on the shelf" value={units} min={0} onChange={setUnits} />
        <div className="flex gap-2">
          <CancelButton>Cancel</CancelButton>
          <Button type="submit">Count</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Actions({ session }: { session: StockCount }) {
  const client = useQueryClient();
  const [asks, setAsks] = useState<"post" | "discard" | null>(null);
  const path = { params: { path: { id: session.id } } };
  const post = useMutation({
    mutationFn: async (notScanned: "keep" | "zero") => {
      for (;;) {
        const state = await dataOf(
          api.POST("/inventory/counts/{id}/post", { ...path, body: { notScanned } }),
        );
        if (state.status !== "POSTING") return state;
      }
    },
    onSuccess: ({ refused }) => {
      if (refused) toast.error(`${formatCount(refused)} differences could not be booked; they are marked`);
      else toast.success("All differences are booked");
      setAsks(null);
    },
    onSettled: () => stockChanged(client),
  });
  const discard = useMutation({
    mutationFn: () => dataOf(api.POST("/inventory/counts/{id}/discard", { ...path, body: {} })),
    onSuccess: () => setAsks(null),
    onSettled: () => client.invalidateQueries({ queryKey: ["admin", "counts"] }),
  });
  return (
    <>
      <Link
        to={`/admin/counts/${encodeURIComponent(session.id)}/sheet`}
        className={buttonClass({ variant: "secondary" })}
      >
        <Printer aria-hidden className="size-4" /> Count sheet
      </Link>
      {session.status === "OPEN" && (
        <Button variant="secondary" onClick={() => setAsks("discard")}>
          Discard
        </Button>
      )}
      {(session.status === "OPEN" || session.status === "POSTING") && (
        <Button onClick={() => setAsks("post")}>Book differences</Button>
      )}
      {asks === "post" && (
        <PostDialog
          session={session}
          busy={post.isPending}
          error={post.error}
          onPost={(notScanned) => post.mutate(notScanned)}
          onClose={() => setAsks(null)}
        />
      )}
      <Dialog
        open={asks === "discard"}
        onClose={() => setAsks(null)}
        title="Discard this count?"
        description="What was counted stays to be looked at. Nothing of it is booked."
        footer={
          <>
            <CancelButton>Keep counting</CancelButton>
            <Button variant="danger" busy={discard.isPending} onClick={() => discard.mutate()}>
              Discard
            </Button>
          </>
        }
      >
        <ErrorNote error={discard.error} />
      </Dialog>
    </>
  );
}

function PostDialog({
  session,
  busy,
  error,
  onPost,
  onClose,
}: {
  session: StockCount;
  busy: boolean;
  error: unknown;
  onPost: (notScanned: "keep" | "zero") => void;
  onClose: () => void;
}) {
  const [notScanned, setNotScanned] = useState<"keep" | "zero">(session.notScanned);
  const { waiting } = useStore(scans.state);
  const left = waiting.filter(({ countId }) => countId === session.id).length;
  return (
    <Dialog
      open
      onClose={onClose}
      title="Book the differences"
      description={`${formatCount(session.differing)} of ${formatCount(session.lines)} counted products differ: ${formatCount(session.over)} units too many, ${formatCount(session.under)} missing.`}
      footer={
        <>
          <CancelButton>Cancel</CancelButton>
          <Button busy={busy} disabled={left > 0} onClick={() => onPost(notScanned)}>
            Book
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <SelectField
          label="Products that nobody scanned"
          value={notScanned}
          disabled={session.status !== "OPEN"}
          onChange={(event) => setNotScanned(event.target.value === "zero" ? "zero" : "keep")}
        >
          <option value="keep">Leave them as they are</option>
          <option value="zero">Take them for not there</option>
        </SelectField>
        {left > 0 && (
          <p role="alert" className="rounded-xl bg-warning-soft px-4 py-3 text-sm text-warning">
            {formatCount(left)} scans of this browser are still to be sent.
          </p>
        )}
        <ErrorNote error={error} />
      </div>
    </Dialog>
  );
}
