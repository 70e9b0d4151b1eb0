import { ChevronDown, Eye, EyeOff } from "lucide-react";
import { type ComponentProps, type ReactNode, useId, useState } from "react";
import { cn } from "@/lib/cn";

const CONTROL = cn(
  "w-full rounded-xl border border-line-strong/60 bg-surface text-ink shadow-card",
  "placeholder:text-muted hover:border-line-strong disabled:opacity-60",
  "aria-invalid:border-danger",
);

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  /** The label is for screen readers alone. */
  hideLabel?: boolean;
  className?: string;
}

interface Wiring {
  id: string;
  "aria-invalid": boolean | undefined;
  "aria-describedby": string | undefined;
}

/** A label, its control, a hint, and what is wrong with it, tied together for every reader. */
export function Field({
  label,
  hint,
  error,
  hideLabel,
  className,
  children,
}: FieldProps & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className={cn("flex flex-col gap-1.5", className)}>
      <label htmlFor={id} className={hideLabel ? "sr-only" : "font-medium text-sm"}>
        {label}
      </label>
      {children({ id, "aria-invalid": error ? true : undefined, "aria-describedby": described || undefined })}
      {hint && (
        <p id={`${id}-hint`} className="text-muted text-sm">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="text-danger text-sm" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input {...rest} className={cn(CONTROL, "h-10 px-3 text-base sm:text-sm", className)} />;
}

export function TextField({
  label,
  hint,
  error,
  hideLabel,
  className,
  ...rest
}: FieldProps & Omit<ComponentProps<"input">, keyof FieldProps>) {
  return (
    <Field {...{ label, hint, error, ...(hideLabel && { hideLabel }), ...(className && { className }) }}>
      {(wiring) => <Input {...rest} {...wiring} />}
    </Field>
  );
}

export function PasswordField({
  label,
  hint,
  error,
  className,
  ...rest
}: FieldProps & Omit<ComponentProps<"input">, keyof FieldProps>) {
  const [shown, setShown] = useState(false);
  return (
    <Field {...{ label, hint, error, ...(className && { className }) }}>
      {(wiring) => (
        <span className="relative block">
          <Input {...rest} {...wiring} type={shown ? "text" : "password"} className="pr-11" />
          <button
            type="button"
            onClick={() => setShown(!shown)}
            aria-label={shown ? "Hide the password" : "Show the password"}
            aria-pressed={shown}
            className="absolute inset-y-0 right-0 grid w-11 place-items-center rounded-xl text-muted hover:text-ink"
          >
            {shown ? <EyeOff aria-hidden className="size-4" /> : <Eye aria-hidden className="size-4" />}
          </button>
        </span>
      )}
    </Field>
  );
}

export function TextAreaField({
  label,
  hint,
  error,
  hideLabel,
  className,
  ...rest
}: FieldProps & Omit<ComponentProps<"textarea">, keyof FieldProps>) {
  return (
    <Field {...{ label, hint, error, ...(hideLabel && { hideLabel }), ...(className && { className }) }}>
      {(wiring) => (
        <textarea rows={4} {...rest} {...wiring} className={cn(CONTROL, "px-3 py-2 text-base sm:text-sm")} />
      )}
    </Field>
  );
}

/** The browser's own list: it opens well on every phone and with every screen reader. */
export function Select({ className, children, ...rest }: ComponentProps<"select">) {
  return (
    <span className={cn("relative block", className)}>
      <select
        {...rest}
        className={cn(CONTROL, "h-10 appearance-none truncate pr-9 pl-3 text-base sm:text-sm")}
      >
        {children}
      </select>
      <ChevronDown aria-hidden className="pointer-events-none absolute top-3 right-3 size-4 text-muted" />
    </span>
  );
}

/** One filter of a list; the empty value is every one. */
export function FilterSelect({
  label,
  every,
  value = "",
  options,
  onChange,
}: {
  label: string;
  every: string;
  value: string | undefined;
  /** Value and what is shown for it. */
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}) {
  return (
    <Select
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className="max-sm:flex-1"
    >
      <option value="">{every}</option>
      {options.map(([name, shown]) => (
        <option key={name} value={name}>
          {shown}
        </option>
      ))}
    </Select>
  );
}

export function SelectField({
  label,
  hint,
  error,
  hideLabel,
  className,
  ...rest
}: FieldProps & Omit<ComponentProps<"select">, keyof FieldProps>) {
  return (
    <Field {...{ label, hint, error, ...(hideLabel && { hideLabel }), ...(className && { className }) }}>
      {(wiring) => <Select {...rest} {...wiring} />}
    </Field>
  );
}

export function Switch({
  label,
  checked,
  onChange,
  disabled,
}: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={checked}
      aria-label={label}
      aria-disabled={disabled || undefined}
      onClick={() => !disabled && onChange(!checked)}
      className="relative h-6 w-11 shrink-0 rounded-full border border-line-strong bg-sunken transition-colors aria-disabled:opacity-50 aria-checked:border-brand aria-checked:bg-brand"
    >
      <span
        aria-hidden
        className={cn(
          "absolute top-[3px] left-[3px] size-4 rounded-full transition-transform",
          checked ? "translate-x-5 bg-on-brand" : "bg-line-strong",
        )}
      />
    </button>
  );
}
