import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { type DefaultValues, type FieldValues, type Path, useForm } from "react-hook-form";
import { config, type z } from "zod";
import { fieldErrors } from "@/api/errors";

// Otherwise zod tries whether it may make code out of text, and the page's policy reports that it may not.
config({ jitless: true });

/**
 * A form whose rules are a zod schema, and whose wrong fields the API may tell too: those show at
 * their fields, everything else is `error`.
 */
export function useApiForm<Values extends FieldValues>(
  schema: z.ZodType<Values, Values>,
  defaultValues: DefaultValues<Values>,
  submit: (values: Values) => Promise<void>,
) {
  const form = useForm<Values>({ resolver: zodResolver(schema), defaultValues, mode: "onTouched" });
  const [error, setError] = useState<unknown>(null);
  const onSubmit = form.handleSubmit(async (values) => {
    setError(null);
    try {
      await submit(values as Values);
    } catch (failed) {
      const known = fieldErrors(failed).filter(({ field }) => field in values);
      for (const { field, message } of known) {
        form.setError(
          field as Path<Values>,
          { message: message.charAt(0).toUpperCase() + message.slice(1) },
          { shouldFocus: true },
        );
      }
      if (!known.length) setError(failed);
    }
  });
  const wrong = (name: Path<Values>): string | undefined => {
    const found = form.getFieldState(name, form.formState).error;
    return found?.message;
  };
  return { ...form, onSubmit, error, wrong, busy: form.formState.isSubmitting };
}
