import * as Radix from "@radix-ui/react-toast";
import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { cn } from "@/lib/cn";
import { useStore } from "@/lib/store";
import { dismiss, toasts } from "./toast";

const ICONS = { success: CircleCheck, danger: CircleAlert, info: Info };
const COLORS = { success: "text-success", danger: "text-danger", info: "text-info" };

/** Shows the toasts, above an open dialog too. F8 leads to them. */
export function Toaster() {
  const shown = useStore(toasts);
  return (
    <Radix.Provider>
      {shown.map((each) => {
        const Icon = ICONS[each.tone];
        return (
          <Radix.Root
            key={each.id}
            type={each.tone === "danger" ? "foreground" : "background"}
            duration={each.duration}
            onOpenChange={() => dismiss(each.id)}
            className="pointer-events-auto flex animate-slide-up items-start gap-3 rounded-2xl border bg-surface p-4 shadow-floating data-[swipe=move]:translate-x-(--radix-toast-swipe-move-x)"
          >
            <Icon aria-hidden className={cn("mt-px size-5 shrink-0", COLORS[each.tone])} />
            <div className="min-w-0 flex-1 text-sm">
              <Radix.Title className="font-medium">{each.title}</Radix.Title>
              {each.description && (
                <Radix.Description className="mt-0.5 break-words text-muted">
                  {each.description}
                </Radix.Description>
              )}
            </div>
            {each.action && (
              <Radix.Action
                altText={each.action.label}
                className="shrink-0 font-medium text-brand-text text-sm underline-offset-4 hover:underline"
                onClick={each.action.run}
              >
                {each.action.label}
              </Radix.Action>
            )}
            <Radix.Close
              aria-label="Dismiss"
              className="-m-1.5 grid size-8 shrink-0 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
            >
              <X aria-hidden className="size-4" />
            </Radix.Close>
          </Radix.Root>
        );
      })}
      <Radix.Viewport
        data-edge={shown.at(-1)?.edge}
        className="print:hidden pointer-events-none fixed right-0 bottom-(--foot) z-60 flex w-full max-w-md flex-col gap-2 p-4 outline-none max-sm:data-[edge=top]:top-16 max-sm:data-[edge=top]:bottom-auto"
      />
    </Radix.Provider>
  );
}
