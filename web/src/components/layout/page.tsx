import type { ReactNode } from "react";
import { cn } from "@/lib/cn";
import { useTitle } from "@/lib/use-title";

/** The room of a page: its width, its air, its title in the tab. */
export function Page({
  title,
  narrow = false,
  className,
  children,
}: {
  title: string | undefined;
  narrow?: boolean;
  className?: string;
  children: ReactNode;
}) {
  useTitle(title);
  return (
    <div className={cn("mx-auto px-4 pt-8 sm:px-6 sm:pt-10", narrow ? "max-w-3xl" : "max-w-7xl", className)}>
      {children}
    </div>
  );
}
