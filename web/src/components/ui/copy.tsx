import { Check, Copy } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "./button";
import { toast } from "./toast";

/** A text to take along, wholly seen: by its button, or by hand where the browser gives no clipboard. */
export function CopyText({ label, value }: { label: string; value: string }) {
  const ref = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
      setTimeout(() => setCopied(false), 2_000);
    } catch {
      if (ref.current) getSelection()?.selectAllChildren(ref.current);
      toast.info("Copy it with your keyboard", { description: "This browser does not let the page copy." });
    }
  };
  return (
    <figure className="flex flex-col gap-1.5">
      <figcaption className="font-medium text-sm">{label}</figcaption>
      <div className="flex items-start gap-2">
        <code
          ref={ref}
          className="min-w-0 flex-1 select-all break-all rounded-xl border bg-sunken px-3 py-2 font-mono text-sm leading-6"
        >
          {value}
        </code>
        <Button variant="secondary" data-autofocus onClick={copy}>
          {copied ? <Check aria-hidden className="size-4" /> : <Copy aria-hidden className="size-4" />}
          {copied ? "Copied" : "Copy"}
        </Button>
      </div>
    </figure>
  );
}
