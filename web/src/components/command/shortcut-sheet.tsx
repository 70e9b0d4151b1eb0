import { grouped } from "@/lib/group";
import { keysOf } from "@/lib/shortcuts";
import { Dialog } from "../ui/dialog";
import { Kbd } from "../ui/surfaces";
import { type Command, useAllCommands } from "./commands";

const ALWAYS: Pick<Command, "id" | "title" | "group" | "shortcut">[] = [
  { id: "palette", title: "Command palette", group: "Everywhere", shortcut: "mod+k" },
  { id: "sheet", title: "This list", group: "Everywhere", shortcut: "?" },
  { id: "close", title: "Close what is open", group: "Everywhere", shortcut: "escape" },
];

export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const known = [...ALWAYS, ...useAllCommands().filter((each) => each.shortcut)];
  return (
    <Dialog open onClose={onClose} title="Keyboard shortcuts" size="md">
      <div className="grid gap-x-10 gap-y-6 sm:grid-cols-2">
        {grouped(known, (each) => each.group).map(([group, members]) => (
          <section key={group}>
            <h3 className="mb-2 font-medium text-muted text-xs">{group}</h3>
            <dl className="flex flex-col gap-2 text-sm">
              {members.map(({ id, title, shortcut = "" }) => (
                <div key={id} className="flex items-center justify-between gap-4">
                  <dt>{title}</dt>
                  <dd className="flex shrink-0 gap-1">
                    {keysOf(shortcut).map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
