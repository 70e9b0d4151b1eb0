import { lazy, Suspense, useEffect } from "react";
import { GAP_MAX_MS, scansAreRead } from "@/features/scan/wedge";
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
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const listen = (event: KeyboardEvent) => {
      // Keys that follow as fast as this are a scanner's, and no shortcut.
      clearTimeout(waiting);
      const bare = !event.metaKey && !event.ctrlKey && !event.altKey;
      if (event.defaultPrevented || event.isComposing || (bare && isTyping(event.target))) return;
      if (bare && document.querySelector("[data-modal]")) return;
      const commands = new Map(
        allCommands().flatMap((each) => (each.shortcut ? [[each.shortcut, each.run]] : [])),
      );
      commands.set("mod+k", () => paletteOpen.set(!paletteOpen.get()));
      commands.set("?", () => sheetOpen.set(true));
      const found = reader.read(event, event.timeStamp, new Set(commands.keys()));
      if (found === null) return;
      event.preventDefault();
      const run = commands.get(found);
      if (bare && run && scansAreRead.now) waiting = setTimeout(run, GAP_MAX_MS);
      else run?.();
    };
    document.addEventListener("keydown", listen);
    return () => {
      clearTimeout(waiting);
      document.removeEventListener("keydown", listen);
    };
  }, []);

  return (
    <Suspense>
      {palette && <Palette onClose={() => paletteOpen.set(false)} />}
      {sheet && <ShortcutSheet onClose={() => sheetOpen.set(false)} />}
    </Suspense>
  );
}
