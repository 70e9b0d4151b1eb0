import * as Radix from "@radix-ui/react-dropdown-menu";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

/** It never locks the page's scrolling: that would need an inline style sheet, which the policy refuses. */
export function Root({
  trigger,
  children,
  align,
}: {
  trigger: ReactNode;
  children: ReactNode;
  align: "start" | "end";
}) {
  return (
    <Radix.Root modal={false} defaultOpen>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      {/* Inside a landmark, where readers find it. */}
      <Radix.Portal container={document.querySelector("main")}>
        <Radix.Content
          align={align}
          sideOffset={8}
          collisionPadding={12}
          className="z-50 min-w-52 animate-rise rounded-2xl border bg-surface p-1.5 text-ink text-sm shadow-floating"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function Item({
  onSelect,
  disabled,
  danger,
  children,
}: {
  onSelect: () => void;
  disabled?: boolean;
  danger?: boolean;
  children: ReactNode;
}) {
  return (
    <Radix.Item
      {...(disabled && { disabled })}
      onSelect={onSelect}
      className={cn(
        "flex cursor-default select-none items-center gap-2.5 rounded-xl px-2.5 py-2 outline-none",
        "data-disabled:opacity-50 data-highlighted:bg-sunken [&>svg]:size-4 [&>svg]:text-muted",
        danger && "text-danger [&>svg]:text-danger",
      )}
    >
      {children}
    </Radix.Item>
  );
}

export function Label({ children }: { children: ReactNode }) {
  return <Radix.Label className="px-2.5 py-2 text-muted text-xs">{children}</Radix.Label>;
}

export function Separator() {
  return <Radix.Separator className="-mx-1.5 my-1.5 h-px bg-line" />;
}
