import { KeyRound } from "lucide-react";
import { useLocation, useNavigate } from "react-router";
import { z } from "zod";
import { dataOf, guest } from "@/api/client";
import { Button, ButtonLink } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";
import { EmptyState, ErrorNote } from "@/components/ui/states";
import { toast } from "@/components/ui/toast";
import { signIn } from "@/features/auth/auth";
import { AuthPage } from "@/features/auth/auth-page";
import { NewPasswordField } from "@/features/auth/new-password";
import { emailAddress } from "@/lib/email";
import { newPassword } from "@/lib/password";
import { useApiForm } from "@/lib/use-api-form";

const schema = z.object({
  name: z.string().max(200, "At most 200 characters"),
  email: emailAddress,
  password: newPassword,
});

/** The first admin of a new shop, with the one-time link that its first start printed. */
export function Component() {
  const navigate = useNavigate();
  // Behind the #, which no browser sends: neither the server's log nor a proxy's sees it.
  const token = new URLSearchParams(useLocation().hash.slice(1)).get("token") ?? "";
  const form = useApiForm(
    schema,
    { name: "", email: "", password: "" },
    async (values) => {
      await dataOf(guest.POST("/setup", { body: { ...values, token } }));
      await signIn(values);
      toast.success("Your shop is set up", { description: "You are its first admin." });
      navigate("/admin", { replace: true });
    },
    { guarded: false },
  );
  if (!token) {
    return (
      <EmptyState
        heading="h1"
        icon={KeyRound}
        title="The link is incomplete"
        action={<ButtonLink to="/login">Sign in</ButtonLink>}
      >
        Use the whole set-up link that the shop printed when it started.
      </EmptyState>
    );
  }
  return (
    <AuthPage
      title="Set up your shop"
      description="This creates the first admin account. The link works once."
    >
      <form onSubmit={form.onSubmit} noValidate className="flex flex-col gap-4">
        <TextField
          label="Your name (optional)"
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
          Create the admin account
        </Button>
      </form>
    </AuthPage>
  );
}
