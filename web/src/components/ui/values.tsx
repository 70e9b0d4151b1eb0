import { useEffect, useState } from "react";
import { cn } from "@/lib/cn";
import { formatMoney } from "@/lib/money";
import { exactTime, formatTime, type TimeStyle } from "@/lib/time";

export function Money({
  minor,
  currency,
  className,
}: {
  minor: number;
  currency: string;
  className?: string;
}) {
  return <span className={cn("tabular-nums", className)}>{formatMoney(minor, currency)}</span>;
}

/** In the reader's own zone; the exact time shows on hover. */
export function Time({
  value,
  style = "relative",
  className,
}: {
  value: string;
  style?: TimeStyle;
  className?: string;
}) {
  const [, setMinute] = useState(0);
  useEffect(() => {
    if (style !== "relative") return;
    const timer = setInterval(() => setMinute((minute) => minute + 1), 60_000);
    return () => clearInterval(timer);
  }, [style]);
  return (
    <time dateTime={value} title={exactTime(value)} className={className}>
      {formatTime(value, style)}
    </time>
  );
}
