import type { LucideIcon } from "lucide-react";
import { useEffect } from "react";
import { Store, useStore } from "@/lib/store";

/** Something one can do from the palette, or by its shortcut. */
export interface Command {
  id: string;
  title: string;
  group: string;
  icon?: LucideIcon;
  /** "mod+k", "/" or "g p". */
  shortcut?: string;
  keywords?: string;
  run: () => void;
}

const registered = new Store<readonly (readonly Command[])[]>([]);
export const paletteOpen = new Store(false);
export const sheetOpen = new Store(false);

/** Offers commands for as long as the component that calls this is shown. Pass the same array while nothing changed. */
export function useCommands(commands: readonly Command[]): void {
  useEffect(() => {
    registered.update((all) => [...all, commands]);
    return () => registered.update((all) => all.filter((each) => each !== commands));
  }, [commands]);
}

/** All of them; of two with one id the later one counts. */
export function allCommands(): Command[] {
  return [
    ...new Map(
      registered
        .get()
        .flat()
        .map((command) => [command.id, command]),
    ).values(),
  ];
}

export function useAllCommands(): Command[] {
  useStore(registered);
  return allCommands();
}
