import { ArrowRight } from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { z } from "zod";
import { conflictingState } from "@/api/errors";
import { Button } from "@/components/ui/button";
import { CancelButton, Dialog } from "@/components/ui/dialog";
import { SelectField, TextField } from "@/components/ui/field";
import { Segmented } from "@/components/ui/segmented";
import { ErrorNote } from "@/components/ui/states";
import { formatCount } from "@/lib/count";
import { useUnsaved } from "@/lib/unsaved";
import { useApiForm } from "@/lib/use-api-form";
import { useStockChange } from "./actions";
import { type ChangeForm, type ChangeKind, deltasOf, levelAt, problemsOf, REASON_MAX } from "./change";
import { useLocations } from "./locations";
import type { InventoryRow } from "./queries";

const KINDS: Record<ChangeKind, { label: string; quantity: string; hint: string; reasons: string[] }> = {
  restock: {
    label: "Restock",
    quantity: "Units that arrived",
    hint: "They can be sold at once.",
    reasons: ["Delivery arrived", "Returned by a partner"],
  },
  adjust: {
    label: "Adjust",
    quantity: "Units more or less",
    hint: "−3 removes three units from stock, 3 adds three.",
    reasons: ["Damaged", "Lost", "Found", "Own use"],
  },
  count: {
    label: "Count",
    quantity: "Units counted here",
    hint: "All units at the location, including reserved ones. The difference is recorded as an adjustment.",
    reasons: ["Stocktake", "Spot check"],
  },
  transfer: {
    label: "Transfer",
    quantity: "Units to move",
    hint: "Reserved units are not moved.",
    reasons: ["Refill", "Better location"],
  },
};

type Target = Pick<
  InventoryRow,
  | "productId"
  | "variantId"
  | "name"
  | "sku"
  | "version"
  | "availableStock"
  | "reservedStock"
  | "totalStock"
  | "lowStockThreshold"
  | "locations"
  | "status"
  | "isLowStock"
>;

/** Restock, adjust, count or transfer one product, with what will be, before it is done. */
export function ChangeStockDialog({
  row: given,
  kind: first,
  onClose,
}: {
  row: Target;
  kind: ChangeKind;
  onClose: () => void;
}) {
  const [kind, setKind] = useState(first);
  const [row, setRow] = useState(given);
  // What was typed for one kind of change is there for the next one too.
  const draft = useRef({ quantity: "", reason: "" });
  return (
    <Dialog
      open
      onClose={onClose}
      title={row.name}
      description={`SKU ${row.sku} · ${formatCount(row.availableStock)} available, ${formatCount(row.reservedStock)} reserved`}
      size="md"
    >
      <Segmented
        label="Type of change"
        value={kind}
        onChange={setKind}
        segments={(Object.keys(KINDS) as ChangeKind[]).map((value) => ({ value, label: KINDS[value].label }))}
      />
      <ChangeStockForm
        key={kind}
        kind={kind}
        row={row}
        draft={draft}
        onMoved={(now) => setRow({ ...row, ...now })}
        onClose={onClose}
      />
    </Dialog>
  );
}

function ChangeStockForm({
  kind,
  row,
  draft,
  onMoved,
  onClose,
}: {
  kind: ChangeKind;
  row: Target;
  draft: RefObject<Pick<ChangeForm, "quantity" | "reason">>;
  onMoved: (now: Partial<Target>) => void;
  onClose: () => void;
}) {
  const { locations, nameOf } = useLocations();
  const { mutateAsync } = useStockChange();
  const words = KINDS[kind];
  const held = row.locations.map(({ location }) => location);
  const from = held[0] ?? "default";
  const elsewhere = locations.find((location) => location.active && location.id !== from)?.id ?? "";
  const schema = z
    .object({
      quantity: z.string(),
      location: z.string(),
      to: z.string(),
      reason: z.string().max(REASON_MAX),
    })
    .superRefine((values, context) => {
      for (const [field, message] of Object.entries(problemsOf(kind, row, values)))
        context.addIssue({ code: "custom", path: [field], message });
    });
  const [moved, setMoved] = useState(false);
  const form = useApiForm<ChangeForm>(
    schema,
    { location: from, to: elsewhere, ...draft.current },
    async (values) => {
      try {
        await mutateAsync({ kind, row, form: values });
        onClose();
      } catch (failed) {
        // Somebody changed it since it was seen: show what is there now; the next try means that.
        const now = conflictingState<Target>(failed);
        if (!now) throw failed;
        onMoved(now);
        setMoved(true);
        return false;
      }
    },
    // What was typed for another kind of change counts too.
    { guarded: false },
  );
  const values = form.watch();
  const { quantity, reason, to } = values;
  useUnsaved(() => Boolean(quantity.trim() || reason.trim()) && !form.busy);
  useEffect(() => {
    draft.current = { quantity, reason };
  }, [draft, quantity, reason]);
  // The locations may be read after the dialog has opened.
  const { setValue } = form;
  useEffect(() => {
    if (!to && elsewhere) setValue("to", elsewhere);
  }, [to, elsewhere, setValue]);
  // A location that takes units may be one that never held any; units come only from where some are.
  const takers = locations
    .filter((location) => location.active || held.includes(location.id))
    .map(({ id }) => id);
  const sources = kind === "transfer" ? held : [...new Set([...held, ...takers])];
  const canMove = kind !== "transfer" || takers.some((id) => id !== from);
  return (
    <form onSubmit={form.onSubmit} noValidate className="mt-5 flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label={kind === "transfer" ? "From" : "Location"}
          error={form.wrong("location")}
          {...form.register("location")}
        >
          {sources.map((id) => (
            <option key={id} value={id}>
              {nameOf(id)} ({formatCount(levelAt(row, id).available)} available)
            </option>
          ))}
        </SelectField>
        {kind === "transfer" && (
          <SelectField
            label="To"
            error={form.wrong("to")}
            hint={canMove ? undefined : "There is no other location yet: add one under Locations."}
            {...form.register("to")}
          >
            {takers.map((id) => (
              <option key={id} value={id}>
                {nameOf(id)} ({formatCount(levelAt(row, id).available)} available)
              </option>
            ))}
          </SelectField>
        )}
        <TextField
          label={words.quantity}
          inputMode={kind === "adjust" ? "text" : "numeric"}
          autoComplete="off"
          data-autofocus
          hint={words.hint}
          error={form.wrong("quantity")}
          className={kind === "transfer" ? "sm:col-span-2" : ""}
          {...form.register("quantity")}
        />
      </div>
      <div>
        <TextField
          label="Reason"
          maxLength={REASON_MAX}
          autoComplete="off"
          error={form.wrong("reason")}
          {...form.register("reason")}
        />
        <div className="mt-2 flex flex-wrap gap-1.5">
          {words.reasons.map((reason) => (
            <button
              key={reason}
              type="button"
              onClick={() => form.setValue("reason", reason, { shouldValidate: true })}
              className="rounded-full border bg-surface px-2.5 py-1 text-muted text-xs hover:border-line-strong hover:text-ink"
            >
              {reason}
            </button>
          ))}
        </div>
      </div>
      {moved && (
        <p role="alert" className="rounded-xl bg-warning-soft px-4 py-3 text-sm text-warning">
          The stock changed while you counted: {formatCount(row.totalStock)} in total,{" "}
          {formatCount(row.availableStock)} available now. Send it again if your count still holds.
        </p>
      )}
      <Preview kind={kind} row={row} form={values} nameOf={nameOf} />
      <ErrorNote error={form.error} />
      <div className="flex justify-end gap-2">
        <CancelButton>Cancel</CancelButton>
        <Button type="submit" busy={form.busy} disabled={!canMove}>
          {words.label}
        </Button>
      </div>
    </form>
  );
}

/** Each location before and after; it keeps its height while nothing is typed. */
function Preview({
  kind,
  row,
  form,
  nameOf,
}: {
  kind: ChangeKind;
  row: Target;
  form: ChangeForm;
  nameOf: (id: string) => string;
}) {
  const problems = problemsOf(kind, row, { ...form, reason: "-" });
  const deltas = Object.keys(problems).length ? null : deltasOf(kind, row, form);
  const locations = kind === "transfer" ? [form.location, form.to] : [form.location];
  return (
    <dl aria-live="polite" className="flex flex-col gap-1.5 rounded-xl bg-sunken px-4 py-3 text-sm">
      {[...new Set(locations)].map((location) => {
        const { available } = levelAt(row, location);
        const delta = deltas?.get(location);
        return (
          <div key={location} className="flex items-center justify-between gap-4">
            <dt className="text-muted">{nameOf(location)}, available</dt>
            <dd className="flex items-center gap-2 font-medium tabular-nums">
              {formatCount(available)}
              <ArrowRight aria-label="becomes" className="size-3.5 text-muted" />
              <span className={delta ? (delta > 0 ? "text-success" : "text-danger") : undefined}>
                {delta === undefined ? "…" : formatCount(available + delta)}
              </span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
