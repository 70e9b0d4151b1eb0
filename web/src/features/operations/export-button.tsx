import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { dayOf } from "@/lib/time";

/** The options of a call that gets a CSV file. */
export const CSV = { headers: { Accept: "text/csv" }, parseAs: "stream" } as const;

/** Downloads a list as a CSV file: what the filters show, on all of its pages. */
export function ExportButton<Filter extends object>({
  name,
  filter,
  get,
}: {
  /** Of the file, before the day. */
  name: string;
  filter: Filter;
  get: (filter: Filter) => Promise<{ response: Response }>;
}) {
  const filtered = Object.values(filter).some(Boolean);
  const download = useMutation({
    mutationFn: async () => {
      const { response } = await get(filter);
      saveFile(await response.blob(), `${name}-${dayOf(new Date())}.csv`);
    },
    onError: (error) => toast.error(error),
  });
  return (
    <Button
      variant="secondary"
      busy={download.isPending}
      onClick={() => download.mutate()}
      title={
        filtered
          ? "Download what the filters show, on all pages, as a CSV file"
          : "Download the whole list as a CSV file"
      }
    >
      <Download aria-hidden className="size-4" /> Export
    </Button>
  );
}

/** Hands a file to the browser, to be stored where downloads are. */
export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has read it by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
