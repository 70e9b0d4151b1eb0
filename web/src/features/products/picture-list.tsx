import { ArrowLeft, ArrowRight, Camera, ImagePlus, Trash2 } from "lucide-react";
import { type DragEvent, useId, useRef, useState } from "react";
import type { Image } from "@/api/types";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";
import { ProductPicture } from "@/features/catalog/art";
import { cn } from "@/lib/cn";
import { KINDS } from "./picture-files";

/** A picture on its way: a share from 0 to 1, or why it was refused. */
export interface Sending {
  key: string;
  name: string;
  share: number;
  refused: string | null;
}

const ALT_MAX = 250;

/** The pictures of a product: add, describe, move, delete. */
export function PictureList({
  name,
  images,
  sending,
  onAdd,
  onDismiss,
  onDescribe,
  onMove,
  onDelete,
}: {
  name: string;
  images: Image[];
  sending: Sending[];
  onAdd: (files: File[]) => void;
  onDismiss: (key: string) => void;
  onDescribe: (image: Image, alt: string) => void;
  onMove: (image: Image, position: number) => void;
  onDelete: (image: Image) => void;
}) {
  return (
    <div className="flex flex-col gap-4">
      {images.length > 0 && (
        <ol aria-label="Pictures" className="flex flex-col gap-3">
          {images.map((image, index) => (
            <li key={image.id} className="flex items-start gap-3 rounded-2xl border bg-surface p-3">
              <ProductPicture
                goods={{ name, category: "", imageUrl: null }}
                picture={image}
                sizes="128px"
                className="aspect-[4/3] w-20 shrink-0 rounded-xl border sm:w-32"
              />
              <div className="flex min-w-0 flex-1 flex-col gap-2">
                <Described
                  image={image}
                  label={`Text for picture ${String(index + 1)}`}
                  onDescribe={onDescribe}
                />
                <div className="flex items-center gap-1">
                  <Move
                    label={`Move picture ${String(index + 1)} to the front`}
                    off={index === 0}
                    onClick={() => onMove(image, index)}
                  >
                    <ArrowLeft aria-hidden className="size-4" />
                  </Move>
                  <Move
                    label={`Move picture ${String(index + 1)} back`}
                    off={index === images.length - 1}
                    onClick={() => onMove(image, index + 2)}
                  >
                    <ArrowRight aria-hidden className="size-4" />
                  </Move>
                  {index === 0 && (
                    <span className="min-w-0 truncate px-1 text-muted text-sm">Shown first</span>
                  )}
                  <Button
                    variant="ghost"
                    size="icon"
                    className="ml-auto text-danger!"
                    aria-label={`Delete picture ${String(index + 1)}`}
                    onClick={() => onDelete(image)}
                  >
                    <Trash2 aria-hidden className="size-4" />
                  </Button>
                </div>
              </div>
            </li>
          ))}
        </ol>
      )}
      <ul aria-label="On their way" className="flex flex-col gap-2 empty:hidden">
        {sending.map((each) => (
          <Way key={each.key} sending={each} onDismiss={onDismiss} />
        ))}
      </ul>
      <Drop onAdd={onAdd} first={images.length + sending.length === 0} />
    </div>
  );
}

/** It stays in reach of the keyboard where it does nothing, so that the focus is not lost. */
function Move({
  label,
  off,
  onClick,
  children,
}: {
  label: string;
  off: boolean;
  onClick: () => void;
  children: React.ReactNode;
}) {
  return (
    <Button
      variant="ghost"
      size="icon"
      aria-label={label}
      aria-disabled={off}
      className={cn(off && "opacity-40")}
      onClick={off ? undefined : onClick}
    >
      {children}
    </Button>
  );
}

/** What it shows, in words; stored when the field is left. */
function Described({
  image,
  label,
  onDescribe,
}: {
  image: Image;
  label: string;
  onDescribe: (image: Image, alt: string) => void;
}) {
  const [text, setText] = useState(image.alt);
  return (
    <TextField
      label={label}
      hideLabel
      placeholder="What it shows, for people who cannot see it"
      maxLength={ALT_MAX}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => text.trim() !== image.alt && onDescribe(image, text.trim())}
      // Enter would save the whole form.
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        event.currentTarget.blur();
      }}
    />
  );
}

function Way({ sending, onDismiss }: { sending: Sending; onDismiss: (key: string) => void }) {
  const { key, name, share, refused } = sending;
  return (
    <li className="rounded-xl bg-sunken px-4 py-3 text-sm">
      <div className="flex items-center gap-3">
        <span className="min-w-0 flex-1 truncate font-medium">{name}</span>
        {refused === null ? (
          <span className="shrink-0 text-muted">
            {share < 1 ? `${String(Math.round(share * 100))} %` : "Making it…"}
          </span>
        ) : (
          <Button variant="ghost" size="sm" onClick={() => onDismiss(key)}>
            Dismiss
          </Button>
        )}
      </div>
      {refused === null ? (
        <progress
          aria-label={name}
          value={share}
          max={1}
          className="mt-2 block h-1.5 w-full overflow-hidden rounded-full accent-brand"
        />
      ) : (
        <p role="alert" className="mt-1 text-danger">
          {refused}
        </p>
      )}
    </li>
  );
}

/** Where files are dropped, chosen, or taken with a phone's camera. */
function Drop({ onAdd, first }: { onAdd: (files: File[]) => void; first: boolean }) {
  const [over, setOver] = useState(false);
  const id = useId();
  const chooser = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const take = (input: HTMLInputElement) => {
    onAdd([...(input.files ?? [])]);
    // The same file can be chosen again.
    input.value = "";
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onAdd([...event.dataTransfer.files]);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons in it do the same
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={cn(
        "flex flex-col items-center gap-3 rounded-2xl border border-dashed px-4 text-center text-sm transition-colors",
        first ? "py-8" : "py-5",
        over ? "border-brand bg-brand-soft" : "border-line-strong",
      )}
    >
      <p className="text-muted pointer-coarse:hidden">Drop pictures here, or</p>
      <div className="flex flex-wrap justify-center gap-2">
        <Button variant="secondary" size="sm" onClick={() => chooser.current?.click()}>
          <ImagePlus aria-hidden className="size-4" /> Choose pictures
        </Button>
        <Button
          variant="secondary"
          size="sm"
          className="not-pointer-coarse:hidden"
          onClick={() => camera.current?.click()}
        >
          <Camera aria-hidden className="size-4" /> Take a photo
        </Button>
      </div>
      <label htmlFor={`${id}-files`} className="sr-only">
        Picture files
      </label>
      <input
        ref={chooser}
        id={`${id}-files`}
        type="file"
        accept={KINDS}
        multiple
        tabIndex={-1}
        className="sr-only"
        onChange={(event) => take(event.currentTarget)}
      />
      <label htmlFor={`${id}-camera`} className="sr-only">
        Photo
      </label>
      <input
        ref={camera}
        id={`${id}-camera`}
        type="file"
        accept={KINDS}
        capture="environment"
        tabIndex={-1}
        className="sr-only"
        onChange={(event) => take(event.currentTarget)}
      />
      <p className="text-muted">JPEG, PNG or WebP, at most 10 MB each.</p>
    </div>
  );
}
