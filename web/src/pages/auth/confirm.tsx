import { useState } from "react";
import { Link, useLocation, useNavigate, useSearchParams } from "react-router";
import { z } from "zod";
import { dataOf, guest } from "@/api/client";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";
import { ErrorNote } from "@/components/ui/states";
import { toast } from "@/components/ui/toast";
import { signIn } from "@/features/auth/auth";
import { AuthPage, LINK } from "@/features/auth/auth-page";
import { cameFrom, landing, queryOf } from "@/features/auth/landing";
import { emailAddress } from "@/lib/email";
import { useApiForm } from "@/lib/use-api-form";

const schema = z.object({
  email: emailAddress,
  code: z.string().regex(/^\s*(\d\s*){4,10}$/, "Enter the code from the e-mail"),
});

export function Component() {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const known = useLocation().state as { email?: string; password?: string } | null;
  const came = cameFrom(params);
  const [resending, setResending] = useState(false);
  const form = useApiForm(
    schema,
    { email: known?.email ?? "", code: "" },
    async ({ email, code }) => {
      const password = known?.email === email ? known.password : undefined;
      // With the password, the account belongs to the reader of the mail, even if others signed up with this address.
      const answer = await dataOf(
        guest.POST("/signup/confirm", {
          body: { email, code: code.replace(/\s/g, ""), ...(password && { password }) },
        }),
      );
      if (password) {
        const { role } = await signIn({ email, password });
        toast.success("Welcome to the shop");
        navigate(landing(came, role), { replace: true });
      } else {
        navigate(`/login${queryOf(came)}`, {
          replace: true,
          state: { notice: answer.message },
        });
      }
    },
    { guarded: false },
  );
  const resend = async () => {
    setResending(true);
    try {
      const answer = await dataOf(guest.POST("/signup/resend", { body: { email: form.getValues("email") } }));
      toast.info(answer.message);
    } catch (error) {
      toast.error(error);
    } finally {
      setResending(false);
    }
  };
  return (
    <AuthPage
      title="Check your mail"
      description={
        known?.email ? `We have sent a message to ${known.email}.` : "We have sent you a message with a code."
      }
      footer={
        <>
          <Button variant="ghost" size="sm" busy={resending} onClick={resend}>
            Send a new code
          </Button>
          <Link to="/login" className={LINK}>
            Sign in instead
          </Link>
        </>
      }
    >
      <form onSubmit={form.onSubmit} noValidate className="flex flex-col gap-4">
        {!known?.email && (
          <TextField
            label="E-mail"
            type="email"
            autoComplete="username"
            error={form.wrong("email")}
            {...form.register("email")}
          />
        )}
        <TextField
          label="Code"
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
          error={form.wrong("code")}
          {...form.register("code")}
        />
        <ErrorNote error={form.error} />
        <Button type="submit" size="lg" busy={form.busy}>
          Confirm
        </Button>
      </form>
    </AuthPage>
  );
}
