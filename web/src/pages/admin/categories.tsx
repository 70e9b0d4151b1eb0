import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, Tags, Trash2 } from "lucide-react";
import { Link } from "react-router";
import { z } from "zod";
import { api, dataOf } from "@/api/client";
import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";
import { EmptyState, ErrorNote, ErrorState } from "@/components/ui/states";
import { PageHeader, Skeleton } from "@/components/ui/surfaces";
import { toast } from "@/components/ui/toast";
import { titled } from "@/features/catalog/options";
import { categories } from "@/features/products/queries";
import { useApiForm } from "@/lib/use-api-form";

const schema = z.object({
  name: z.string().trim().min(2, "2 to 50 characters").max(50, "2 to 50 characters"),
});

/** The managed list that every product's category comes from. */
export default function Categories() {
  const client = useQueryClient();
  const found = useQuery(categories);
  const again = () =>
    Promise.all(["admin", "goods"].map((name) => client.invalidateQueries({ queryKey: [name] })));
  const form = useApiForm(
    schema,
    { name: "" },
    async ({ name }) => {
      await dataOf(api.POST("/categories", { body: { name } }));
      toast.success(`${titled(name)} is added`);
      form.reset();
      await again();
    },
    { taken: "name", guarded: false },
  );
  const remove = useMutation({
    mutationFn: (name: string) => dataOf(api.DELETE("/categories/{name}", { params: { path: { name } } })),
    onMutate: (name) => {
      const before = client.getQueryData(categories.queryKey);
      client.setQueryData(categories.queryKey, (all) => all?.filter((each) => each !== name));
      return { before };
    },
    onSuccess: (_, name) =>
      toast.success(`${titled(name)} is removed`, {
        action: {
          label: "Undo",
          run: () => dataOf(api.POST("/categories", { body: { name } })).then(again, toast.error),
        },
      }),
    onError: (error, _, context) => {
      if (context?.before) client.setQueryData(categories.queryKey, context.before);
      toast.error(error);
    },
    onSettled: again,
  });
  return (
    <Page title="Categories" className="max-w-3xl">
      <PageHeader
        title="Categories"
        description="Every product has one category. A category that has products cannot be removed."
      />
      <form onSubmit={form.onSubmit} noValidate className="mb-6 flex flex-wrap items-start gap-2">
        <TextField
          label="New category"
          hideLabel
          placeholder="New category"
          className="min-w-48 flex-1"
          error={form.wrong("name")}
          {...form.register("name")}
        />
        <Button type="submit" busy={form.busy}>
          <Plus aria-hidden className="size-4" /> Add
        </Button>
        <ErrorNote error={form.error} className="w-full" />
      </form>
      {found.isError && !found.data ? (
        <ErrorState error={found.error} onRetry={() => found.refetch()} />
      ) : !found.data ? (
        <Skeleton className="h-96 rounded-2xl" />
      ) : found.data.length === 0 ? (
        <EmptyState icon={Tags} title="There is no category">
          Add one above: a product needs a category to be listed.
        </EmptyState>
      ) : (
        <ul className="divide-y rounded-2xl border bg-surface shadow-card">
          {found.data.map((name) => (
            <li key={name} className="flex items-center gap-3 py-2 pr-2 pl-5">
              <Link
                to={`/admin/products?category=${encodeURIComponent(name)}`}
                className="min-w-0 flex-1 truncate rounded font-medium hover:underline"
              >
                {titled(name)}
              </Link>
              <Button
                variant="ghost"
                size="icon"
                aria-label={`Remove ${titled(name)}`}
                onClick={() => remove.mutate(name)}
              >
                <Trash2 aria-hidden className="size-4 text-muted" />
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Page>
  );
}
