import { zodResolver } from "@hookform/resolvers/zod";
import { type SyntheticEvent, useEffect, useRef, useState } from "react";
import { type DefaultValues, type FieldValues, type Path, useForm } from "react-hook-form";
import { config, type z } from "zod";
import { sortErrors } from "@/api/errors";
import { useUnsaved } from "./unsaved";

// Otherwise zod tries whether it may make code out of text, and the page's policy reports that it may not.
config({ jitless: true });

interface Behavior {
  /** The field that an "already exists" is about, where the API does not name it. */
  taken?: string;
  /** Whether leaving asks before changes are lost. A form that is quickly filled in again does not. */
  guarded?: boolean;
}

/**
 * A form whose rules are a zod schema. What the API refuses is shown at its field, the focus goes to the first
 * wrong one, and everything else is `error`. `submit` answers `false` where nothing was saved.
 */
export function useApiForm<Values extends FieldValues>(
  schema: z.ZodType<Values, Values>,
  defaultValues: DefaultValues<Values>,
  // biome-ignore lint/suspicious/noConfusingVoidType: most forms answer nothing
  submit: (values: Values) => Promise<void | false>,
  { taken, guarded = true }: Behavior = {},
) {
  const form = useForm<Values>({ resolver: zodResolver(schema), defaultValues, mode: "onTouched" });
  const [error, setError] = useState<unknown>(null);
  const submitting = useRef(false);
  const refused = useRef(false);
  const toMark = useRef<Element | null>(null);
  const { isDirty } = form.formState;
  useUnsaved(() => guarded && isDirty && !submitting.current);

  const send = async (values: Values): Promise<void> => {
    setError(null);
    submitting.current = true;
    try {
      // What is saved is what further changes are compared with.
      if ((await submit(values)) !== false) form.reset(form.getValues());
    } catch (failed) {
      const { known, rest } = sortErrors(failed, Object.keys(values), taken);
      for (const { field, message } of known) {
        const sentence = message.charAt(0).toUpperCase() + message.slice(1);
        form.setError(field as Path<Values>, { message: sentence });
        refused.current = true;
      }
      setError(rest);
    } finally {
      submitting.current = false;
    }
  };
  // Fields are marked when they are rendered again, on a slow machine some frames later; of several the first on the page
  // gets the focus.
  const focusMarked = (): void => {
    const marked = toMark.current?.querySelector<HTMLElement>("[aria-invalid=true]");
    if (!marked) return;
    toMark.current = null;
    marked.focus();
  };
  useEffect(focusMarked);
  const onSubmit = async (event?: SyntheticEvent): Promise<void> => {
    const shown = event?.currentTarget ?? null;
    refused.current = false;
    toMark.current = null;
    await form.handleSubmit(send, () => {
      refused.current = true;
    })(event);
    toMark.current = refused.current ? shown : null;
    requestAnimationFrame(focusMarked);
  };
  const wrong = (name: Path<Values>): string | undefined => {
    const found = form.getFieldState(name, form.formState).error;
    return found?.message;
  };
  return { ...form, onSubmit, error, wrong, busy: form.formState.isSubmitting };
}
