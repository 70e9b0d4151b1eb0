import { Check, Circle } from "lucide-react";
import type { ComponentProps } from "react";
import { PasswordField } from "@/components/ui/field";
import { cn } from "@/lib/cn";
import { requirementsOf } from "@/lib/password";

/** A new password, and what it still lacks while it is typed. */
export function NewPasswordField({
  text,
  label = "Password",
  ...rest
}: { text: string; label?: string } & Omit<ComponentProps<typeof PasswordField>, "label" | "hint">) {
  return (
    <PasswordField
      {...rest}
      label={label}
      autoComplete="new-password"
      hint={
        <span className="flex flex-wrap gap-x-4 gap-y-1">
          {requirementsOf(text).map(({ label: what, met }) => (
            <span key={what} className={cn("inline-flex items-center gap-1.5", met && "text-success")}>
              {met ? (
                <Check aria-label="done:" className="size-3.5" />
              ) : (
                <Circle aria-hidden className="size-3.5 opacity-60" />
              )}
              {what}
            </span>
          ))}
        </span>
      }
    />
  );
}
