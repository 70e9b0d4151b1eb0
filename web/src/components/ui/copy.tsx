import { Check, Copy } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "./button";
import { Field, Input } from "./field";
import { toast } from "./toast";

/** A text to take along, whole: by its button, or by hand where the browser gives no clipboard. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const ref = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
      setTimeout(() => setCopied(false), 2_000);
    } catch {
      ref.current?.select();
      toast.info("Copy it with your keyboard", { description: "This browser does not let the page copy." });
    }
  };
  return (
    <Field label={label}>
      {(wiring) => (
        <span className="flex gap-2">
          <Input
            {...wiring}
            ref={ref}
            readOnly
            value={value}
            onFocus={(event) => event.target.select()}
            className="min-w-0 flex-1 font-mono"
          />
          <Button variant="secondary" onClick={copy}>
            {copied ? <Check aria-hidden className="size-4" /> : <Copy aria-hidden className="size-4" />}
            {copied ? "Copied" : "Copy"}
          </Button>
        </span>
      )}
    </Field>
  );
}
