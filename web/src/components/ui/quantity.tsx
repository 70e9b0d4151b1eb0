import { Minus, Plus } from "lucide-react";
import { useState } from "react";
import { cn } from "@/lib/cn";

/** How many: typed, or stepped; never outside of its limits. */
export function Quantity({
  label,
  value,
  onChange,
  min = 1,
  max,
  size = "md",
}: {
  label: string;
  value: number;
  onChange: (value: number) => void;
  min?: number;
  max?: number | undefined;
  size?: "sm" | "md";
}) {
  // Emptied to type another number: it counts as before until there is one.
  const [empty, setEmpty] = useState(false);
  const most = max ?? Number.MAX_SAFE_INTEGER;
  const set = (wanted: number) => onChange(Math.max(min, Math.min(most, Math.trunc(wanted) || min)));
  const stepTo = (wanted: number) => {
    setEmpty(false);
    set(wanted);
  };
  const step = cn(
    "grid place-items-center text-muted hover:text-ink disabled:opacity-35",
    size === "sm" ? "w-8" : "w-10",
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out inline in every browser
    <div
      role="group"
      aria-label={label}
      className={cn(
        "inline-flex items-stretch rounded-xl border border-line-strong/60 bg-surface shadow-card",
        size === "sm" ? "h-8" : "h-10",
      )}
    >
      <button
        type="button"
        aria-label="One less"
        className={cn(step, "rounded-l-xl")}
        disabled={value <= min}
        onClick={() => stepTo(value - 1)}
      >
        <Minus aria-hidden className="size-3.5" />
      </button>
      <input
        aria-label={label}
        inputMode="numeric"
        pattern="[0-9]*"
        value={empty ? "" : value}
        onChange={(event) => {
          const digits = event.target.value.replace(/\D/g, "");
          setEmpty(digits === "");
          if (digits) set(Number(digits));
        }}
        onBlur={() => setEmpty(false)}
        onFocus={(event) => event.target.select()}
        onKeyDown={(event) => {
          if (event.key === "ArrowUp") stepTo(value + 1);
          else if (event.key === "ArrowDown") stepTo(value - 1);
          else return;
          event.preventDefault();
        }}
        className="w-11 bg-transparent text-center font-medium text-base tabular-nums sm:text-sm"
      />
      <button
        type="button"
        aria-label="One more"
        className={cn(step, "rounded-r-xl")}
        disabled={value >= most}
        onClick={() => stepTo(value + 1)}
      >
        <Plus aria-hidden className="size-3.5" />
      </button>
    </div>
  );
}
