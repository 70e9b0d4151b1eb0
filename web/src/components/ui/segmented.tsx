import { type ReactNode, useId } from "react";
import { cn } from "@/lib/cn";

export interface Segment<Value extends string> {
  value: Value;
  label: ReactNode;
}

/** One of a few, all in sight: radio buttons that look like one bar. */
export function Segmented<Value extends string>({
  label,
  value,
  onChange,
  segments,
  className,
}: {
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  segments: readonly Segment<Value>[];
  className?: string;
}) {
  const name = useId();
  return (
    <fieldset className={cn("flex min-w-0 overflow-x-auto rounded-xl bg-sunken p-1", className)}>
      <legend className="sr-only">{label}</legend>
      {segments.map((segment) => (
        <label
          key={segment.value}
          className={cn(
            "relative flex h-8 flex-1 cursor-pointer items-center justify-center gap-1.5 whitespace-nowrap rounded-lg px-2 font-medium sm:px-3 text-sm",
            "has-focus-visible:outline-2 has-focus-visible:outline-focus",
            segment.value === value
              ? "bg-surface text-ink shadow-card dark:bg-line"
              : "text-muted hover:text-ink",
          )}
        >
          <input
            type="radio"
            name={name}
            value={segment.value}
            checked={segment.value === value}
            onChange={() => onChange(segment.value)}
            className="absolute inset-0 size-full cursor-pointer appearance-none rounded-lg outline-none"
          />
          {segment.label}
        </label>
      ))}
    </fieldset>
  );
}
