import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, dataOf, newKey } from "@/api/client";
import { messageOf } from "@/api/errors";
import type { Image, Product } from "@/api/types";
import { toast } from "@/components/ui/toast";
import { PICTURES_MAX, whyNot } from "./picture-files";
import type { Sending } from "./picture-list";
import { addPicture, changePicture, deletePicture } from "./pictures";

interface Waiting extends Sending {
  file: File;
}

/**
 * The pictures of a product, changed at once and one after the other; those of a product that is not made yet wait.
 * `onVersion` is given the product's version after each change.
 */
export function usePictures(product: Product | null, onVersion: (version: number) => void) {
  const client = useQueryClient();
  const [images, setImages] = useState<Image[]>(product?.images ?? []);
  const [sending, setSending] = useState<Waiting[]>([]);
  const show = (key: string, change: Partial<Waiting>) =>
    setSending((all) => all.map((each) => (each.key === key ? { ...each, ...change } : each)));
  const dismiss = (key: string) => setSending((all) => all.filter((each) => each.key !== key));

  const reload = async (id: string) => {
    const now = await dataOf(api.GET("/products/{id}", { params: { path: { id } } }));
    setImages(now.images);
    onVersion(now.version);
    for (const name of ["admin", "goods"]) void client.invalidateQueries({ queryKey: [name] });
  };
  const change = useMutation({
    scope: { id: "pictures" },
    mutationFn: async ({ id, work }: { id: string; work: () => Promise<unknown> }) => {
      try {
        await work();
      } finally {
        await reload(id);
      }
    },
    onError: (error) => toast.error("The picture was not changed", { description: messageOf(error) }),
  });
  const send = useMutation({
    scope: { id: "pictures" },
    mutationFn: async ({ id, waiting }: { id: string; waiting: Waiting }) => {
      try {
        await addPicture(id, waiting.file, (share) => show(waiting.key, { share }));
        dismiss(waiting.key);
        return true;
      } catch (error) {
        show(waiting.key, { refused: messageOf(error) });
        return false;
      }
    },
    onSuccess: (_, { id }) => (product ? reload(id) : undefined),
  });

  const add = (files: File[]) => {
    const room = PICTURES_MAX - images.length - sending.length;
    if (files.length > room) toast.error(`A product has at most ${String(PICTURES_MAX)} pictures`);
    const added = files
      .slice(0, Math.max(0, room))
      .map((file) => ({ key: newKey(), name: file.name, share: 0, refused: whyNot(file), file }));
    setSending((all) => [...all, ...added]);
    if (!product) return;
    for (const waiting of added) if (waiting.refused === null) send.mutate({ id: product.id, waiting });
  };

  return {
    images,
    sending,
    add,
    dismiss,
    describe: (image: Image, alt: string) =>
      product && change.mutate({ id: product.id, work: () => changePicture(product.id, image.id, { alt }) }),
    move: (image: Image, position: number) =>
      product &&
      change.mutate({ id: product.id, work: () => changePicture(product.id, image.id, { position }) }),
    remove: (image: Image) =>
      product && change.mutate({ id: product.id, work: () => deletePicture(product.id, image.id) }),
    /** Sends what waited for a new product; says whether everything was taken. */
    sendAll: async (id: string) => {
      const taken = [];
      for (const waiting of sending)
        taken.push(waiting.refused === null && (await send.mutateAsync({ id, waiting })));
      return taken.every(Boolean);
    },
  };
}
