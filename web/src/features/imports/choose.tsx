import { FileUp } from "lucide-react";
import { type DragEvent, useId, useState } from "react";
import { Field, Select } from "@/components/ui/field";
import { Card } from "@/components/ui/surfaces";
import { cn } from "@/lib/cn";
import type { Kind, Mode, OnError, Wanted } from "./queries";

const MODES: Record<Mode, string> = {
  add: "Add: units that came in",
  count: "Count: the total that was counted",
  set: "Set: the units to be available",
};

/** What the file holds, how it is booked, and the file itself: dropped or chosen. */
export function Choose({
  wanted,
  onWanted,
  onFile,
  busy,
}: {
  wanted: Wanted;
  onWanted: (wanted: Wanted) => void;
  onFile: (file: File) => void;
  busy: boolean;
}) {
  const [over, setOver] = useState(false);
  const id = useId();
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file && !busy) onFile(file);
  };
  return (
    <Card className="flex flex-col gap-5 p-5">
      <div className="grid gap-4 sm:grid-cols-3">
        <Field label="The file has">
          {(wiring) => (
            <Select
              {...wiring}
              value={wanted.kind}
              onChange={({ target }) => onWanted({ ...wanted, kind: target.value as Kind })}
            >
              <option value="products">Products</option>
              <option value="stock">Stock</option>
            </Select>
          )}
        </Field>
        {wanted.kind === "stock" && (
          <Field label="Its numbers mean">
            {(wiring) => (
              <Select
                {...wiring}
                value={wanted.mode}
                onChange={({ target }) => onWanted({ ...wanted, mode: target.value as Mode })}
              >
                {Object.entries(MODES).map(([mode, label]) => (
                  <option key={mode} value={mode}>
                    {label}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        )}
        <Field label="If a row is wrong">
          {(wiring) => (
            <Select
              {...wiring}
              value={wanted.onError}
              onChange={({ target }) => onWanted({ ...wanted, onError: target.value as OnError })}
            >
              <option value="stop">Book nothing</option>
              <option value="skip">Book the others</option>
            </Select>
          )}
        </Field>
      </div>
      <label
        htmlFor={id}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={cn(
          "flex cursor-pointer flex-col items-center rounded-2xl border-2 border-dashed px-6 py-12 text-center",
          "has-focus-visible:outline-2 has-focus-visible:outline-focus hover:border-line-strong",
          over && "border-brand bg-brand-soft",
        )}
      >
        <FileUp aria-hidden className="size-8 text-muted" strokeWidth={1.6} />
        <span className="mt-3 font-medium">
          {busy ? "Checking the file…" : "Drop a file here, or choose one"}
        </span>
        <span className="mt-1 text-muted text-sm">
          CSV or XLSX of Stockwright, Shopify, WooCommerce, Square or any other. Nothing is booked before you
          have seen what would change.
        </span>
        <input
          id={id}
          type="file"
          accept=".csv,.txt,.tsv,.xlsx,text/csv"
          disabled={busy}
          className="sr-only"
          onChange={({ target }) => {
            const file = target.files?.[0];
            if (file) onFile(file);
            // The same file, corrected, can be chosen again.
            target.value = "";
          }}
        />
      </label>
    </Card>
  );
}
