import { type FormEvent, useState } from "react";
import { isApiError } from "@/api/errors";
import type { User } from "@/api/types";
import { Button } from "@/components/ui/button";
import { PasswordField, TextField } from "@/components/ui/field";
import { ErrorNote } from "@/components/ui/states";
import { signIn } from "./auth";

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
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asksCode, setAsksCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onDone(await signIn({ email, password, ...(asksCode && { mfaCode: code }) }));
    } catch (failed) {
      const details = isApiError(failed)
        ? (failed.details as { mfaRequired?: boolean; reason?: string } | null)
        : null;
      if (details?.mfaRequired) setAsksCode(true);
      else if (details?.reason === "UNCONFIRMED" && onUnconfirmed) onUnconfirmed(email, password);
      else setError(failed);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <TextField
        label="E-mail"
        type="email"
        name="email"
        autoComplete="username"
        required
        readOnly={known !== ""}
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <PasswordField
        label="Password"
        name="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {asksCode && (
        <TextField
          label="Code of your authenticator app"
          hint="Six digits, new every 30 seconds."
          name="code"
          inputMode="numeric"
          autoComplete="one-time-code"
          pattern="[0-9 ]{6,7}"
          maxLength={7}
          required
          autoFocus
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      )}
      <ErrorNote error={error} />
      <Button type="submit" size="lg" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}
