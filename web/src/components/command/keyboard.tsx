import { lazy, Suspense, useEffect } from "react";
import { ShortcutReader } from "@/lib/shortcuts";
import { useStore } from "@/lib/store";
import { allCommands, paletteOpen, sheetOpen } from "./commands";

const Palette = lazy(() => import("./palette"));
const ShortcutSheet = lazy(() => import("./shortcut-sheet"));

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Listens for shortcuts, and holds the palette and the sheet; both load when they are first wanted. */
export function Keyboard() {
  const palette = useStore(paletteOpen);
  const sheet = useStore(sheetOpen);

  useEffect(() => {
    const reader = new ShortcutReader();
    const listen = (event: KeyboardEvent) => {
      const bare = !event.metaKey && !event.ctrlKey && !event.altKey;
      if (event.defaultPrevented || event.isComposing || (bare && isTyping(event.target))) return;
      if (bare && document.querySelector("dialog:modal")) return;
      const commands = new Map(
        allCommands().flatMap((each) => (each.shortcut ? [[each.shortcut, each.run]] : [])),
      );
      commands.set("mod+k", () => paletteOpen.set(!paletteOpen.get()));
      commands.set("?", () => sheetOpen.set(true));
      const found = reader.read(event, event.timeStamp, new Set(commands.keys()));
      if (found === null) return;
      event.preventDefault();
      commands.get(found)?.();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);

  return (
    <Suspense>
      {palette && <Palette onClose={() => paletteOpen.set(false)} />}
      {sheet && <ShortcutSheet onClose={() => sheetOpen.set(false)} />}
    </Suspense>
  );
}
