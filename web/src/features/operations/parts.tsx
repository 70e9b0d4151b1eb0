import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote } from "@/components/ui/states";
import { pageOf, thingTitle } from "./names";
import { person } from "./queries";

/** A thing by its id, people by their names; a link where it has a page. */
export function Subject({ id }: { id: string }) {
  const page = pageOf(id);
  const found = useQuery({ ...person(id), enabled: id.startsWith("usr_") });
  if (!id) return <span className="text-muted">—</span>;
  const shown = (
    <span className="block max-w-52 truncate" title={id}>
      {found.data?.name || found.data?.email || thingTitle(id)}
    </span>
  );
  return page ? (
    <Link to={page} className="inline-block max-w-full rounded align-middle text-brand-text hover:underline">
      {shown}
    </Link>
  ) : (
    shown
  );
}

/** Data as it is, for those who look for a cause. */
export function Json({ label, value }: { label: string; value: unknown }) {
  return (
    <figure className="flex flex-col gap-1.5">
      <figcaption className="font-medium text-sm">{label}</figcaption>
      <pre className="whitespace-pre-wrap break-all rounded-xl border bg-sunken p-4 font-mono text-xs leading-5">
        {typeof value === "string" ? value : JSON.stringify(value, null, 2)}
      </pre>
    </figure>
  );
}

/** Names and values, one below the other. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-[7.5rem_minmax(0,1fr)] gap-x-4 gap-y-2.5 text-sm">{children}</dl>;
}

export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

/** Asks once more before what cannot be taken back. */
export function Confirm({
  open,
  onClose,
  title,
  children,
  action,
  danger = false,
  busy,
  error,
  onConfirm,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** What the button says. */
  action: string;
  danger?: boolean;
  busy: boolean;
  error: unknown;
  onConfirm: () => void;
}) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      footer={
        <>
          <Button variant="secondary" onClick={onClose} data-autofocus>
            Keep as it is
          </Button>
          <Button variant={danger ? "danger" : "primary"} busy={busy} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      <div className="text-muted">{children}</div>
      <ErrorNote error={error} className="mt-4" />
    </Dialog>
  );
}
