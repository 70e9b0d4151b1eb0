import { useId } from "react";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/field";
import { Card } from "@/components/ui/surfaces";
import { fileWords } from "./parts";
import type { Columns, Mapping } from "./queries";

const NONE = "";

/** What was guessed, or said before, of each column. */
export function guessed({ columns }: Columns): Mapping {
  return Object.fromEntries(columns.map(({ heading, field }) => [heading, field]));
}

/** Each column with a choice of what it is: for a file that no profile knows. */
export function MapColumns({
  found,
  mapping,
  onMapping,
  onCheck,
  busy,
}: {
  found: Columns;
  mapping: Mapping;
  onMapping: (mapping: Mapping) => void;
  onCheck: () => void;
  busy: boolean;
}) {
  const id = useId();
  const chosen = Object.values(mapping);
  return (
    <Card className="p-5">
      <h2 className="font-semibold text-lg">What are the columns?</h2>
      <p className="mt-1 text-muted text-sm">
        {found.remembered
          ? "As you said when you imported such a file last."
          : "The headings are not those of a system that is known. This is a guess; correct what is wrong."}{" "}
        {fileWords(found)}
      </p>
      <ul className="mt-4 divide-y divide-line">
        {found.columns.map(({ heading, examples }, number) => (
          <li key={heading} className="grid gap-2 py-3 sm:grid-cols-[1fr_18rem] sm:items-center">
            <label htmlFor={`${id}-${number}`} className="min-w-0">
              <span className="block truncate font-medium">{heading}</span>
              <span className="block truncate text-muted text-sm">{examples.join(", ") || "empty"}</span>
            </label>
            <Select
              id={`${id}-${number}`}
              value={mapping[heading] ?? NONE}
              onChange={({ target }) => onMapping({ ...mapping, [heading]: target.value })}
            >
              <option value={NONE}>Leave it out</option>
              {found.fields.map(({ name, title }) => (
                <option key={name} value={name} disabled={chosen.includes(name) && mapping[heading] !== name}>
                  {title}
                </option>
              ))}
            </Select>
          </li>
        ))}
      </ul>
      <Button className="mt-4" busy={busy} onClick={onCheck}>
        Check the file
      </Button>
    </Card>
  );
}
