import { Link, useLocation, useNavigate } from "react-router";
import { z } from "zod";
import { dataOf, guest } from "@/api/client";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";
import { ErrorNote } from "@/components/ui/states";
import { AuthPage, LINK } from "@/features/auth/auth-page";
import { NewPasswordField } from "@/features/auth/new-password";
import { emailAddress } from "@/lib/email";
import { newPassword } from "@/lib/password";
import { useApiForm } from "@/lib/use-api-form";

const schema = z.object({
  email: emailAddress,
  code: z.string().regex(/^\s*(\d\s*){4,10}$/, "Enter the code from the e-mail"),
  password: newPassword,
});

export function Component() {
  const navigate = useNavigate();
  const location = useLocation();
  const known = location.state as { email?: string; notice?: string } | null;
  // A link that was made on the server (`stockwright users reset-link`) bears both behind the #, which no browser sends.
  const link = new URLSearchParams(location.hash.slice(1));
  const given = {
    email: link.get("email") ?? known?.email ?? "",
    code: link.get("code") ?? "",
    password: "",
  };
  const form = useApiForm(
    schema,
    given,
    async (values) => {
      const body = { ...values, code: values.code.replace(/\s/g, "") };
      const { message } = await dataOf(guest.POST("/password/reset", { body }));
      navigate("/login", { replace: true, state: { notice: message } });
    },
    { guarded: false },
  );
  return (
    <AuthPage
      title="Set a new password"
      description={known?.notice}
      footer={
        <Link to="/password/forgot" className={LINK}>
          Send me another code
        </Link>
      }
    >
      <form onSubmit={form.onSubmit} noValidate className="flex flex-col gap-4">
        <TextField
          label="E-mail"
          type="email"
          autoComplete="username"
          error={form.wrong("email")}
          {...form.register("email")}
        />
        <TextField
          label="Code"
          inputMode="numeric"
          autoComplete="one-time-code"
          error={form.wrong("code")}
          {...form.register("code")}
        />
        <NewPasswordField
          label="New password"
          text={form.watch("password")}
          error={form.wrong("password")}
          {...form.register("password")}
        />
        <ErrorNote error={form.error} />
        <Button type="submit" size="lg" busy={form.busy}>
          Set the password
        </Button>
      </form>
    </AuthPage>
  );
}
