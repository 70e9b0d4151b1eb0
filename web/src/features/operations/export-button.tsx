import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { api } from "@/api/client";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { dayOf } from "@/lib/time";

type Exported = "products" | "inventory" | "movements" | "orders";

/** Takes all of it along as a CSV file, whatever is filtered now. */
export function ExportButton({ what }: { what: Exported }) {
  const take = useMutation({
    mutationFn: async () => {
      const answer = await api.raw({ method: "GET", path: `/${what}/export` });
      save(await answer.blob(), `${what}-${dayOf(new Date())}.csv`);
    },
    onError: (error) => toast.error(error),
  });
  return (
    <Button
      variant="secondary"
      busy={take.isPending}
      onClick={() => take.mutate()}
      title="All of it, as a CSV file"
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
