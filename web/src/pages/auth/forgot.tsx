import { Link, useNavigate } from "react-router";
import { z } from "zod";
import { dataOf, guest } from "@/api/client";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";
import { ErrorNote } from "@/components/ui/states";
import { AuthPage, LINK } from "@/features/auth/auth-page";
import { emailAddress } from "@/lib/email";
import { useApiForm } from "@/lib/use-api-form";

const schema = z.object({ email: emailAddress });

export function Component() {
  const navigate = useNavigate();
  const form = useApiForm(
    schema,
    { email: "" },
    async (body) => {
      const { message } = await dataOf(guest.POST("/password/forgot", { body }));
      navigate("/password/reset", { state: { email: body.email, notice: message } });
    },
    { guarded: false },
  );
  return (
    <AuthPage
      title="Forgot the password?"
      description="We send you a code by e-mail. With it you can set a new password."
      footer={
        <Link to="/login" className={LINK}>
          Back to sign in
        </Link>
      }
    >
      <form onSubmit={form.onSubmit} noValidate className="flex flex-col gap-4">
        <TextField
          label="E-mail"
          type="email"
          autoComplete="username"
          autoFocus
          error={form.wrong("email")}
          {...form.register("email")}
        />
        <ErrorNote error={form.error} />
        <Button type="submit" size="lg" busy={form.busy}>
          Send me a code
        </Button>
      </form>
    </AuthPage>
  );
}
