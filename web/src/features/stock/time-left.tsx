import { useEffect, useState } from "react";
import { cn } from "@/lib/cn";
import { exactTime, formatCountdown } from "@/lib/time";

const SOON_MS = 5 * 60_000;

/** Counts down to a moment, second by second; screen readers announce it once, not each second. */
export function TimeLeft({ until }: { until: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = Date.parse(until) - now;
  return (
    <time
      dateTime={until}
      title={exactTime(until)}
      className={cn(
        "whitespace-nowrap text-sm tabular-nums",
        left <= 0 ? "text-muted" : left < SOON_MS ? "font-medium text-danger" : "font-medium",
      )}
    >
      {left <= 0 ? "run out" : `${formatCountdown(left)} left`}
    </time>
  );
}
