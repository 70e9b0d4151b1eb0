import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { api, type Options } from "@/api/client";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { dayOf } from "@/lib/time";

type Exported = "products" | "inventory" | "movements" | "orders";

/** Takes a list along as a CSV file: what the filters show, on all of its pages. */
export function ExportButton<What extends Exported>({
  what,
  filter,
}: {
  what: What;
  filter: Options<`/${What}/export`, "get">["query"];
}) {
  const filtered = Object.values(filter ?? {}).some(Boolean);
  const take = useMutation({
    mutationFn: async () => {
      const answer = await api.raw({ method: "GET", path: `/${what}/export`, query: filter });
      save(await answer.blob(), `${what}-${dayOf(new Date())}.csv`);
    },
    onError: (error) => toast.error(error),
  });
  return (
    <Button
      variant="secondary"
      busy={take.isPending}
      onClick={() => take.mutate()}
      title={filtered ? "What is shown here, on all pages, as a CSV file" : "All of it, as a CSV file"}
    >
      <Download aria-hidden className="size-4" /> Export
    </Button>
  );
}

function save(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has it in hand by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
