import { useState } from "react";
import { z } from "zod";
import { isApiError } from "@/api/errors";
import type { User } from "@/api/types";
import { Button } from "@/components/ui/button";
import { PasswordField, TextField } from "@/components/ui/field";
import { ErrorNote } from "@/components/ui/states";
import { useApiForm } from "@/lib/use-api-form";
import { signIn } from "./auth";

const schema = z.object({
  email: z.string().trim().min(1, "Enter your e-mail address"),
  password: z.string().min(1, "Enter your password"),
  mfaCode: z.string(),
});

/** E-mail and password, and the authenticator's code where the account asks for one. */
export function SignInForm({
  email: known = "",
  onDone,
  onUnconfirmed,
}: {
  email?: string;
  onDone: (user: User) => void;
  onUnconfirmed?: (email: string, password: string) => void;
}) {
  const [asksCode, setAsksCode] = useState(false);
  const form = useApiForm(
    schema,
    { email: known, password: "", mfaCode: "" },
    async ({ email, password, mfaCode }) => {
      try {
        onDone(await signIn({ email, password, ...(asksCode && { mfaCode }) }));
      } catch (failed) {
        const details = isApiError(failed)
          ? (failed.details as { mfaRequired?: boolean; reason?: string } | null)
          : null;
        if (details?.mfaRequired) setAsksCode(true);
        else if (details?.reason === "UNCONFIRMED" && onUnconfirmed) onUnconfirmed(email, password);
        else throw failed;
      }
      return false;
    },
    { guarded: false },
  );
  return (
    <form onSubmit={form.onSubmit} noValidate className="flex flex-col gap-4">
      <TextField
        label="E-mail"
        type="email"
        autoComplete="username"
        readOnly={known !== ""}
        error={form.wrong("email")}
        {...form.register("email")}
      />
      <PasswordField
        label="Password"
        autoComplete="current-password"
        error={form.wrong("password")}
        {...form.register("password")}
      />
      {asksCode && (
        <TextField
          label="Code from your authenticator app"
          hint="Six digits, new every 30 seconds."
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={7}
          autoFocus
          error={form.wrong("mfaCode")}
          {...form.register("mfaCode")}
        />
      )}
      <ErrorNote error={form.error} />
      <Button type="submit" size="lg" busy={form.busy}>
        Sign in
      </Button>
    </form>
  );
}
