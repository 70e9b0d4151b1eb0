import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ExternalLink, PackageX, Trash2 } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { z } from "zod";
import { api, dataOf, ifMatch } from "@/api/client";
import { conflictingState, isApiError } from "@/api/errors";
import type { Product } from "@/api/types";
import { Page } from "@/components/layout/page";
import { BackLink } from "@/components/ui/back-link";
import { Button, ButtonLink } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { SelectField, Switch, TextAreaField, TextField } from "@/components/ui/field";
import { EmptyState, ErrorNote, ErrorState } from "@/components/ui/states";
import { Skeleton } from "@/components/ui/surfaces";
import { toast } from "@/components/ui/toast";
import { ProductPicture } from "@/features/catalog/art";
import { titled } from "@/features/catalog/options";
import { CodeFields } from "@/features/products/code-fields";
import {
  bodyOf,
  describeField,
  EMPTY_PRODUCT,
  formOf,
  isNameless,
  LABELS,
  type Merge,
  mayBePicture,
  merged,
  type ProductField,
  type ProductForm,
} from "@/features/products/form";
import {
  type FormWithVariants,
  KnownOptions,
  NewOptions,
  OPTIONS_HELP,
} from "@/features/products/options-part";
import { PictureList } from "@/features/products/picture-list";
import { categories, product as productQuery, shopCurrency } from "@/features/products/queries";
import { parseRate } from "@/features/products/rate";
import { usePictures } from "@/features/products/use-pictures";
import { useVariants } from "@/features/products/use-variants";
import { typedOptions, variantsBody, whyNoVariants } from "@/features/products/variant-rows";
import { parseWhole } from "@/features/stock/change";
import { parseMoney } from "@/lib/money";
import { useApiForm } from "@/lib/use-api-form";

/** The form of a product, new or known. */
export default function ProductPage() {
  const { id } = useParams();
  return id ? <Known key={id} id={id} /> : <New />;
}

function New() {
  const usual = useQuery(shopCurrency);
  // Where it cannot be asked for, it is typed.
  return usual.isPending ? (
    <Loading title="New product" />
  ) : (
    <Edit product={null} currency={usual.data ?? ""} />
  );
}

function Loading({ title }: { title: string }) {
  return (
    <Page title={title}>
      <Skeleton className="h-9 w-72" />
      <Skeleton className="mt-8 h-120 rounded-2xl" />
    </Page>
  );
}

function Known({ id }: { id: string }) {
  const found = useQuery(productQuery(id));
  if (found.data) return <Edit product={found.data} />;
  if (found.isPending) return <Loading title="Product" />;
  return (
    <Page title="Product">
      {isApiError(found.error, "NOT_FOUND") ? (
        <EmptyState
          heading="h1"
          icon={PackageX}
          title="There is no such product"
          action={<ButtonLink to="/admin/products">All products</ButtonLink>}
        >
          It may have been deleted.
        </EmptyState>
      ) : (
        <ErrorState heading="h1" error={found.error} onRetry={() => found.refetch()} />
      )}
    </Page>
  );
}

const whole = (least: number) =>
  z.string().refine((text) => (parseWhole(text) ?? -1) >= least, `A whole number, ${String(least)} or more`);

/** `picture` is the address that the product has already. */
const schemaOf = (picture: string) =>
  z
    .object({
      name: z.string().trim().min(3, "3 to 200 characters").max(200, "3 to 200 characters"),
      sku: z.string().trim().min(3, "3 to 50 characters").max(50, "3 to 50 characters"),
      description: z.string().trim().min(10, "10 to 2000 characters").max(2000, "10 to 2000 characters"),
      category: z.string().min(1, "Choose one"),
      type: z.string().max(100, "At most 100 characters"),
      brand: z.string().max(100, "At most 100 characters"),
      price: z.string(),
      currency: z.string().regex(/^[A-Z]{3}$/, "Three letters, such as USD"),
      barcode: z.string().max(64, "At most 64 characters"),
      cost: z.string(),
      weightGrams: z.string().refine((text) => !text.trim() || parseWhole(text) !== null, "A whole number"),
      taxRate: z
        .string()
        .refine((text) => !text.trim() || parseRate(text) !== null, "A percentage, such as 19 or 5.5"),
      imageUrl: z
        .string()
        .refine((url) => mayBePicture(url, picture), "An address that begins with https://"),
      status: z.string(),
      options: z.array(
        z
          .object({ name: z.string(), values: z.string(), stored: z.unknown().optional() })
          .refine((row) => !isNameless(row), { path: ["name"], message: "Enter a name" }),
      ),
      lowStockThreshold: whole(0),
      reorderPoint: whole(0),
      reorderQuantity: whole(1),
      quantity: whole(0),
      ownStock: z.boolean(),
      variants: z.array(
        z.object({
          options: z.record(z.string(), z.string()),
          sku: z
            .string()
            .refine(({ length }) => length === 0 || (length >= 3 && length <= 50), "3 to 50 characters"),
          barcode: z.string().max(64, "At most 64 characters"),
          price: z.string(),
          quantity: whole(0),
        }),
      ),
    })
    .superRefine(({ variants, currency, options, ownStock }, context) => {
      variants.forEach(({ price }, index) => {
        if (price.trim() && (parseMoney(price, currency) ?? 0) <= 0)
          context.addIssue({
            code: "custom",
            path: ["variants", index, "price"],
            message: "An amount above 0, such as 12.50",
          });
      });
      if (ownStock && whyNoVariants(typedOptions(options)))
        context.addIssue({ code: "custom", path: ["ownStock"], message: "Too many combinations" });
    })
    .refine(({ price, currency }) => (parseMoney(price, currency) ?? 0) > 0, {
      path: ["price"],
      message: "An amount above 0, such as 12.50",
    })
    .refine(({ cost, currency }) => !cost.trim() || (parseMoney(cost, currency) ?? -1) >= 0, {
      path: ["cost"],
      message: "An amount such as 8.20",
    });
type Values = FormWithVariants;

interface Conflict extends Merge {
  theirs: ProductForm;
}

function Edit({ product, currency = "" }: { product: Product | null; currency?: string }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data: known = [] } = useQuery(categories);
  const [base, setBase] = useState<ProductForm>(product ? formOf(product) : { ...EMPTY_PRODUCT, currency });
  const [version, setVersion] = useState(product?.version);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [deleting, setDeleting] = useState(false);
  // Each change of a picture is one version more; where there were more, somebody else changed the product too.
  const pictures = usePictures(product, (now) =>
    setVersion((version) => (version !== undefined && now === version + 1 ? now : version)),
  );
  const variants = useVariants(product, (now) =>
    setVersion((version) => (version !== undefined && now.version === version + 1 ? now.version : version)),
  );
  const done = () =>
    Promise.all(["admin", "goods"].map((name) => client.invalidateQueries({ queryKey: [name] })));

  const form = useApiForm<Values>(
    schemaOf(base.imageUrl),
    { ...base, quantity: "0", ownStock: !product, variants: [] },
    async ({ quantity, ownStock, variants: rows, ...mine }) => {
      if (!product) {
        const own = ownStock && rows.length > 0;
        const stock = own
          ? { options: typedOptions(mine.options), variants: variantsBody(rows, mine) }
          : { quantity: parseWhole(quantity) ?? 0 };
        const made = await dataOf(api.POST("/products", { body: { ...bodyOf(mine), ...stock } }));
        const whole = await pictures.sendAll(made.id);
        toast.success(`${made.name} is listed`);
        if (!whole) toast.error("Not every picture was taken", { description: "Add the others here." });
        await done();
        navigate(whole ? "/admin/products" : `/admin/products/${encodeURIComponent(made.id)}`);
        return;
      }
      try {
        const saved = await dataOf(
          api.PATCH("/products/{id}", {
            params: { path: { id: product.id } },
            body: bodyOf(mine, base),
            ...(version !== undefined && { headers: ifMatch(version) }),
          }),
        );
        toast.success(`${saved.name} is saved`);
        await done();
        navigate("/admin/products");
      } catch (failed) {
        // Somebody saved it since it was opened: bring both together, and let the reader choose.
        const now = conflictingState<Product>(failed);
        if (!now) throw failed;
        const theirs = formOf(now);
        const both = merged(base, mine, theirs);
        setBase(theirs);
        setVersion(now.version);
        setConflict({ ...both, theirs });
        form.reset({ ...both.form, quantity, ownStock, variants: rows }, { keepDefaultValues: true });
        return false;
      }
    },
  );
  const { register, wrong } = form;
  const values = form.watch();
  const isPlain = values.imageUrl.trim().startsWith("http://");
  const title = product ? base.name : "New product";
  return (
    <Page title={title} className="max-w-5xl">
      <BackLink to="/admin/products">Products</BackLink>
      <header className="mt-3 mb-6 flex flex-wrap items-center gap-x-4 gap-y-3">
        <h1 className="min-w-0 flex-1 basis-60 break-words font-semibold text-2xl sm:text-3xl">{title}</h1>
        {product && (
          <div className="flex flex-wrap gap-2">
            <ButtonLink to={`/products/${encodeURIComponent(product.id)}`} variant="secondary" size="sm">
              <ExternalLink aria-hidden className="size-3.5" /> In the shop
            </ButtonLink>
            <ButtonLink
              to={`/admin/inventory?search=${encodeURIComponent(product.sku)}`}
              variant="secondary"
              size="sm"
            >
              Stock
            </ButtonLink>
            <Button variant="ghost" size="sm" className="text-danger!" onClick={() => setDeleting(true)}>
              <Trash2 aria-hidden className="size-3.5" /> Delete
            </Button>
          </div>
        )}
      </header>
      {conflict && (
        <Conflicts
          conflict={conflict}
          mine={values}
          onTake={(field) => form.setValue(field, conflict.theirs[field], { shouldDirty: true })}
          onKeep={(field) => form.setValue(field, conflict.form[field], { shouldDirty: true })}
        />
      )}
      <form onSubmit={form.onSubmit} noValidate className="divide-y border-y">
        <Part title="Product" description="What buyers see, and how they find the product.">
          <TextField label="Name" data-autofocus error={wrong("name")} {...register("name")} />
          <TextAreaField
            label="Description"
            rows={5}
            error={wrong("description")}
            {...register("description")}
          />
          <div className="grid gap-4 sm:grid-cols-3">
            <SelectField label="Category" error={wrong("category")} {...register("category")}>
              {[...new Set([...known, values.category])].filter(Boolean).map((name) => (
                <option key={name} value={name}>
                  {titled(name)}
                </option>
              ))}
            </SelectField>
            <TextField label="Type" error={wrong("type")} {...register("type")} />
            <TextField label="Brand" error={wrong("brand")} {...register("brand")} />
          </div>
        </Part>
        <Part
          title="Price and sale"
          description="Imports and partners identify the product by its SKU; scanners by that or the barcode."
        >
          <div className="grid gap-4 sm:grid-cols-[1fr_7rem_1fr]">
            <TextField label="Price" inputMode="decimal" error={wrong("price")} {...register("price")} />
            <TextField
              label="Currency"
              maxLength={3}
              error={wrong("currency")}
              {...register("currency", { setValueAs: (text: string) => text.toUpperCase() })}
            />
            <TextField label="SKU" error={wrong("sku")} {...register("sku")} />
          </div>
          <CodeFields values={values} register={register} wrong={wrong} />
          <div className="flex items-center justify-between gap-4 rounded-xl bg-sunken px-4 py-3 text-sm">
            <span>
              <span className="block font-medium">For sale</span>
              <span className="text-muted">
                {values.status === "ACTIVE" ? "Buyers see it, and can order it." : "Only admins see it."}
              </span>
            </span>
            <Switch
              label="For sale"
              checked={values.status === "ACTIVE"}
              onChange={(on) => form.setValue("status", on ? "ACTIVE" : "INACTIVE", { shouldDirty: true })}
            />
          </div>
        </Part>
        <Part
          title="Options"
          description={OPTIONS_HELP[!product ? "new" : variants.variants ? "own" : "shared"]}
        >
          {product ? (
            <KnownOptions
              form={form}
              product={product}
              images={pictures.images}
              own={variants}
              changed={JSON.stringify(values.options) !== JSON.stringify(base.options)}
            />
          ) : (
            <NewOptions form={form} />
          )}
        </Part>
        <Part
          title="Pictures"
          description="Without one, the shop draws a picture from the name and the category. A change of them is stored at once."
        >
          <PictureList
            name={values.name}
            images={pictures.images}
            sending={pictures.sending}
            onAdd={pictures.add}
            onDismiss={pictures.dismiss}
            onDescribe={pictures.describe}
            onMove={pictures.move}
            onDelete={pictures.remove}
          />
          <div className="flex items-start gap-4">
            {pictures.images.length === 0 && (
              <ProductPicture
                goods={{
                  name: values.name,
                  category: values.category,
                  imageUrl: (mayBePicture(values.imageUrl, "") && values.imageUrl.trim()) || null,
                }}
                className="size-24 shrink-0 rounded-xl border"
              />
            )}
            <TextField
              label="Picture address"
              type="url"
              placeholder="https://"
              className="min-w-0 flex-1"
              hint={
                isPlain ? "The shop shows a picture only if its address begins with https://." : undefined
              }
              error={wrong("imageUrl")}
              {...register("imageUrl")}
            />
          </div>
        </Part>
        <Part title="Stock" description="When to send an alert, when to reorder, and how much.">
          {!product && !(values.ownStock && values.variants.length > 0) && (
            <TextField
              label="Units in stock"
              inputMode="numeric"
              error={wrong("quantity")}
              {...register("quantity")}
            />
          )}
          <div className="grid items-start gap-4 sm:grid-cols-3">
            <TextField
              label="Low-stock threshold"
              inputMode="numeric"
              hint="An alert is sent when fewer units are available."
              error={wrong("lowStockThreshold")}
              {...register("lowStockThreshold")}
            />
            <TextField
              label="Reorder point"
              inputMode="numeric"
              hint="Suggested orders bring the stock above this."
              error={wrong("reorderPoint")}
              {...register("reorderPoint")}
            />
            <TextField
              label="Reorder quantity"
              inputMode="numeric"
              hint="Suggested orders are multiples of this."
              error={wrong("reorderQuantity")}
              {...register("reorderQuantity")}
            />
          </div>
        </Part>
        <div className="flex flex-col gap-4 py-6">
          <ErrorNote error={form.error} />
          <div className="flex justify-end gap-2">
            <ButtonLink to="/admin/products" variant="secondary">
              Cancel
            </ButtonLink>
            <Button type="submit" busy={form.busy}>
              {product ? "Save" : "List the product"}
            </Button>
          </div>
        </div>
      </form>
      {deleting && product && (
        <DeleteDialog
          product={product}
          version={version}
          onClose={() => setDeleting(false)}
          onDone={() => {
            navigate("/admin/products");
            void done();
          }}
        />
      )}
    </Page>
  );
}

function Part({ title, description, children }: { title: string; description: string; children: ReactNode }) {
  return (
    <section className="grid gap-x-12 gap-y-5 py-7 md:grid-cols-[1fr_2.2fr]">
      <div>
        <h2 className="font-semibold">{title}</h2>
        <p className="mt-1 text-muted text-sm">{description}</p>
      </div>
      <div className="flex min-w-0 flex-col gap-4">{children}</div>
    </section>
  );
}

/** Somebody saved it first: what they wrote, beside what is in this form. */
function Conflicts({
  conflict,
  mine,
  onTake,
  onKeep,
}: {
  conflict: Conflict;
  mine: ProductForm;
  onTake: (field: ProductField) => void;
  onKeep: (field: ProductField) => void;
}) {
  const { conflicts, taken, theirs, form } = conflict;
  const ref = useRef<HTMLElement>(null);
  // It is above the form, and was asked for at the form's end.
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each new conflict
  useEffect(() => ref.current?.focus(), [conflict]);
  return (
    <section
      ref={ref}
      tabIndex={-1}
      role="alert"
      aria-label="Somebody else changed this product"
      className="mb-6 scroll-mt-24 rounded-2xl bg-warning-soft p-5 text-sm"
    >
      <h2 className="font-semibold text-base text-warning">Somebody else changed this product meanwhile</h2>
      <p className="mt-1">
        {conflicts.length
          ? "Nothing is saved yet. Choose below, then save again."
          : "Nothing is saved yet. Your changes do not touch theirs: save again to keep both."}
        {taken.length > 0 && ` Taken over from them: ${taken.map((field) => LABELS[field]).join(", ")}.`}
      </p>
      {conflicts.length > 0 && (
        <ul className="mt-4 flex flex-col gap-3">
          {conflicts.map((field) => {
            const tookTheirs = describeField(mine, field) === describeField(theirs, field);
            return (
              <li key={field} className="rounded-xl border bg-surface p-4">
                <p className="font-medium">{LABELS[field]}</p>
                <dl className="mt-1 grid gap-x-6 gap-y-1 sm:grid-cols-2">
                  <div className="min-w-0">
                    <dt className="text-muted">Yours</dt>
                    <dd className="break-words">{describeField(form, field)}</dd>
                  </div>
                  <div className="min-w-0">
                    <dt className="text-muted">Theirs</dt>
                    <dd className="break-words">{describeField(theirs, field)}</dd>
                  </div>
                </dl>
                <div className="mt-3 flex gap-2">
                  <Button
                    size="sm"
                    variant={tookTheirs ? "secondary" : "primary"}
                    aria-pressed={!tookTheirs}
                    aria-label={`${LABELS[field]}: keep mine`}
                    onClick={() => onKeep(field)}
                  >
                    Keep mine
                  </Button>
                  <Button
                    size="sm"
                    variant={tookTheirs ? "primary" : "secondary"}
                    aria-pressed={tookTheirs}
                    aria-label={`${LABELS[field]}: take theirs`}
                    onClick={() => onTake(field)}
                  >
                    Take theirs
                  </Button>
                </div>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

function DeleteDialog({
  product,
  version,
  onClose,
  onDone,
}: {
  product: Product;
  version: number | undefined;
  onClose: () => void;
  onDone: () => void;
}) {
  const remove = useMutation({
    mutationFn: () =>
      dataOf(
        api.DELETE("/products/{id}", {
          params: { path: { id: product.id } },
          ...(version !== undefined && { headers: ifMatch(version) }),
        }),
      ),
    onSuccess: () => {
      toast.success(`${product.name} is deleted`);
      onDone();
    },
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Delete ${product.name}?`}
      description="The product is removed from the shop, and its stock is set to 0. Past orders and movements stay."
      footer={
        <>
          <Button variant="secondary" onClick={onClose}>
            Keep it
          </Button>
          <Button variant="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            Delete
          </Button>
        </>
      }
    >
      <p className="text-muted text-sm">
        This cannot be undone. To hide it for a while, switch off “For sale”.
      </p>
      <ErrorNote error={remove.error} className="mt-4" />
    </Dialog>
  );
}
