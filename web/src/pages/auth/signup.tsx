import { Link, Navigate, useNavigate, useSearchParams } from "react-router";
import { z } from "zod";
import { dataOf, guest } from "@/api/client";
import { isApiError } from "@/api/errors";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";
import { ErrorNote } from "@/components/ui/states";
import { signIn, useAuth } from "@/features/auth/auth";
import { AuthPage, LINK } from "@/features/auth/auth-page";
import { cameFrom, landing, queryOf } from "@/features/auth/landing";
import { NewPasswordField } from "@/features/auth/new-password";
import { emailAddress } from "@/lib/email";
import { newPassword } from "@/lib/password";
import { useApiForm } from "@/lib/use-api-form";

const schema = z.object({
  name: z.string().max(200, "At most 200 characters"),
  email: emailAddress,
  password: newPassword,
});

export function Component() {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const { user } = useAuth();
  const came = cameFrom(params);
  const query = queryOf(came);
  const form = useApiForm(
    schema,
    { name: "", email: "", password: "" },
    async (body) => {
      const answer = await dataOf(guest.POST("/signup", { body }));
      if (answer.confirmationRequired) {
        // Stored in this tab's memory only, to sign in after the right code.
        navigate(`/signup/confirm${query}`, { state: { email: body.email, password: body.password } });
        return;
      }
      try {
        const { role } = await signIn(body);
        navigate(landing(came, role), { replace: true });
      } catch (error) {
        // The address had an account already; its owner has been notified by mail.
        if (!isApiError(error, "UNAUTHORIZED")) throw error;
        navigate(`/login${query}`, { state: { notice: answer.message } });
      }
    },
    { guarded: false },
  );
  if (user && !form.busy) return <Navigate to={landing(came, user.role)} replace />;
  return (
    <AuthPage
      title="Create your account"
      description="To order, and to follow your orders."
      footer={
        <p>
          Already have an account?{" "}
          <Link to={`/login${query}`} className={LINK}>
            Sign in
          </Link>
        </p>
      }
    >
      <form onSubmit={form.onSubmit} noValidate className="flex flex-col gap-4">
        <TextField
          label="Name (optional)"
          autoComplete="name"
          error={form.wrong("name")}
          {...form.register("name")}
        />
        <TextField
          label="E-mail"
          type="email"
          autoComplete="username"
          error={form.wrong("email")}
          {...form.register("email")}
        />
        <NewPasswordField
          text={form.watch("password")}
          error={form.wrong("password")}
          {...form.register("password")}
        />
        <ErrorNote error={form.error} />
        <Button type="submit" size="lg" busy={form.busy}>
          Create account
        </Button>
      </form>
    </AuthPage>
  );
}
