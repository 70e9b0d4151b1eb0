import { useMutation } from "@tanstack/react-query";
import { Check, ShieldCheck } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { useNavigate } from "react-router";
import { z } from "zod";
import { api, dataOf, ifMatch, session } from "@/api/client";
import { conflictingState } from "@/api/errors";
import type { User } from "@/api/types";
import { Page } from "@/components/layout/page";
import { THEMES } from "@/components/layout/theme-switch";
import { Button } from "@/components/ui/button";
import { PasswordField, TextField } from "@/components/ui/field";
import { ErrorNote } from "@/components/ui/states";
import { Badge, PageHeader } from "@/components/ui/surfaces";
import { toast } from "@/components/ui/toast";
import { Time } from "@/components/ui/values";
import { QrCode } from "@/features/account/qr-code";
import { signIn, signOut, useAuth } from "@/features/auth/auth";
import { SignedIn } from "@/features/auth/guards";
import { NewPasswordField } from "@/features/auth/new-password";
import { setTheme, useTheme } from "@/features/theme/theme";
import { cn } from "@/lib/cn";
import { newPassword } from "@/lib/password";
import { useApiForm } from "@/lib/use-api-form";

export function Component() {
  return (
    <SignedIn>
      <Account />
    </SignedIn>
  );
}

function Account() {
  const { user } = useAuth();
  if (!user) return null;
  return (
    <Page title="Account" className="max-w-4xl">
      <PageHeader
        title="Account"
        description={
          <>
            {user.email} · since <Time value={user.createdAt} style="date" />
          </>
        }
      />
      <div className="divide-y border-y">
        <Name user={user} />
        <Password user={user} />
        <SecondFactor user={user} />
        <Appearance />
        <Sessions />
      </div>
    </Page>
  );
}

function Section({
  title,
  description,
  children,
}: {
  title: string;
  description: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="grid gap-x-12 gap-y-5 py-8 md:grid-cols-[1fr_1.5fr]">
      <div>
        <h2 className="font-semibold">{title}</h2>
        <p className="mt-1 text-muted text-sm">{description}</p>
      </div>
      <div className="min-w-0">{children}</div>
    </section>
  );
}

const nameSchema = z.object({ name: z.string().max(200, "At most 200 characters") });

function Name({ user }: { user: User }) {
  const form = useApiForm(nameSchema, { name: user.name }, async ({ name }) => {
    try {
      session.updateUser(
        await dataOf(api.PATCH("/users/me", { body: { name }, headers: ifMatch(user.version) })),
      );
      toast.success("Your name is saved");
    } catch (error) {
      // Changed in another place: take over what is there; the next save goes on from it.
      const current = conflictingState<User>(error);
      if (current) session.updateUser(current);
      throw error;
    }
  });
  return (
    <Section title="Name" description="Shown in the shop and in its mails to you.">
      <form onSubmit={form.onSubmit} className="flex flex-col gap-4">
        <TextField label="Name" autoComplete="name" error={form.wrong("name")} {...form.register("name")} />
        <ErrorNote error={form.error} />
        <Button type="submit" variant="secondary" className="self-start" busy={form.busy}>
          Save
        </Button>
      </form>
    </Section>
  );
}

const passwordSchema = z.object({ currentPassword: z.string().min(1, "Your current password"), newPassword });

function Password({ user }: { user: User }) {
  const navigate = useNavigate();
  const form = useApiForm(passwordSchema, { currentPassword: "", newPassword: "" }, async (body) => {
    await dataOf(api.POST("/users/me/password", { body }));
    if (user.mfaEnabled) {
      session.end();
      navigate("/login?next=/account", {
        state: { notice: "Your password is changed; sign in with the new one." },
      });
      return;
    }
    // Every session has ended, this one too: go on with a new one.
    await signIn({ email: user.email, password: body.newPassword });
    form.reset();
    toast.success("Your password is changed", { description: "You are signed out everywhere else." });
  });
  return (
    <Section title="Password" description="Changing it signs you out on all other devices.">
      <form onSubmit={form.onSubmit} noValidate className="flex flex-col gap-4">
        <input type="hidden" autoComplete="username" value={user.email} readOnly />
        <PasswordField
          label="Current password"
          autoComplete="current-password"
          error={form.wrong("currentPassword")}
          {...form.register("currentPassword")}
        />
        <NewPasswordField
          label="New password"
          text={form.watch("newPassword")}
          error={form.wrong("newPassword")}
          {...form.register("newPassword")}
        />
        <ErrorNote error={form.error} />
        <Button type="submit" variant="secondary" className="self-start" busy={form.busy}>
          Change the password
        </Button>
      </form>
    </Section>
  );
}

function SecondFactor({ user }: { user: User }) {
  const [made, setMade] = useState<{ secret: string; uri: string } | null>(null);
  return (
    <Section
      title="Second factor"
      description="A code from an authenticator app, in addition to the password. Somebody who knows only your password cannot sign in."
    >
      <p className="flex items-center gap-2">
        <ShieldCheck aria-hidden className={cn("size-5", user.mfaEnabled ? "text-success" : "text-muted")} />
        <Badge tone={user.mfaEnabled ? "success" : "neutral"}>{user.mfaEnabled ? "On" : "Off"}</Badge>
      </p>
      <div className="mt-5">
        {user.mfaEnabled ? (
          <SwitchOff />
        ) : made ? (
          <ConfirmFactor {...made} onDone={() => setMade(null)} />
        ) : (
          <SetUp onMade={setMade} />
        )}
      </div>
    </Section>
  );
}

async function refreshUser(): Promise<void> {
  session.updateUser(await dataOf(api.GET("/users/me")));
}

function ConfirmFactor({ secret, uri, onDone }: { secret: string; uri: string; onDone: () => void }) {
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: () => dataOf(api.POST("/users/me/mfa", { body: { action: "confirm", code } })),
    onSuccess: async () => {
      await refreshUser();
      toast.success("The second factor is on");
      onDone();
    },
    onError: () => setCode(""),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <div className="flex flex-col gap-5 sm:flex-row">
      <QrCode text={uri} label="QR code with the secret for your authenticator app" />
      <form onSubmit={submit} className="flex min-w-0 flex-1 flex-col gap-4">
        <p className="text-muted text-sm">
          Scan this with your authenticator app, or type the secret:
          <code className="mt-1 block select-all break-all font-mono text-ink">
            {secret.match(/.{1,4}/g)?.join(" ")}
          </code>
        </p>
        <TextField
          label="Code from the app"
          inputMode="numeric"
          autoComplete="one-time-code"
          pattern="[0-9 ]{6,7}"
          maxLength={7}
          required
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
        <ErrorNote error={confirm.error} />
        <div className="flex gap-2">
          <Button type="submit" busy={confirm.isPending}>
            Switch on
          </Button>
          <Button variant="ghost" onClick={onDone}>
            Not now
          </Button>
        </div>
      </form>
    </div>
  );
}

function SetUp({ onMade }: { onMade: (made: { secret: string; uri: string }) => void }) {
  const setUp = useMutation({
    mutationFn: (password: string) =>
      dataOf(api.POST("/users/me/mfa", { body: { action: "setup", password } })),
    onSuccess: ({ secret, otpauthUri }) => {
      if (secret && otpauthUri) onMade({ secret, uri: otpauthUri });
    },
  });
  return <WithPassword asked={setUp} opens="Set it up" does="Continue" leaves="Not now" />;
}

function SwitchOff() {
  const off = useMutation({
    mutationFn: (password: string) =>
      dataOf(api.POST("/users/me/mfa", { body: { action: "off", password } })),
    onSuccess: async () => {
      await refreshUser();
      toast.success("The second factor is off");
    },
  });
  return <WithPassword asked={off} opens="Switch it off" does="Switch off" leaves="Keep it" danger />;
}

/** A button behind which the password is asked for, since a signed-in device alone is not enough. */
function WithPassword({
  asked,
  opens,
  does,
  leaves,
  danger = false,
}: {
  asked: { mutate: (password: string) => void; isPending: boolean; error: unknown };
  opens: string;
  does: string;
  leaves: string;
  danger?: boolean;
}) {
  const [asks, setAsks] = useState(false);
  const [password, setPassword] = useState("");
  if (!asks) {
    return (
      <Button variant="secondary" onClick={() => setAsks(true)}>
        {opens}
      </Button>
    );
  }
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        asked.mutate(password);
      }}
    >
      <PasswordField
        label="Your password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <ErrorNote error={asked.error} />
      <div className="flex gap-2">
        <Button type="submit" variant={danger ? "danger" : "primary"} busy={asked.isPending}>
          {does}
        </Button>
        <Button variant="ghost" onClick={() => setAsks(false)}>
          {leaves}
        </Button>
      </div>
    </form>
  );
}

function Appearance() {
  const chosen = useTheme();
  return (
    <Section title="Appearance" description="On this device.">
      <fieldset className="flex flex-wrap gap-2">
        <legend className="sr-only">Theme</legend>
        {THEMES.map(({ theme, label, icon: Icon }) => (
          <Button
            key={theme}
            variant="secondary"
            aria-pressed={chosen === theme}
            onClick={() => setTheme(theme)}
          >
            <Icon aria-hidden className="size-4" /> {label}
            {chosen === theme && <Check aria-hidden className="size-4 text-brand-text" />}
          </Button>
        ))}
      </fieldset>
    </Section>
  );
}

function Sessions() {
  const navigate = useNavigate();
  const leave = useMutation({
    mutationFn: () => dataOf(api.POST("/signout", { body: {} })),
    onSuccess: () => {
      session.end();
      navigate("/login", { state: { notice: "You are signed out on every device." } });
    },
  });
  return (
    <Section title="Sessions" description="Signing out everywhere ends every session, on this device too.">
      <ErrorNote error={leave.error} className="mb-4" />
      <div className="flex flex-wrap gap-2">
        <Button variant="secondary" onClick={() => signOut().then(() => navigate("/"))}>
          Sign out here
        </Button>
        <Button variant="secondary" busy={leave.isPending} onClick={() => leave.mutate()}>
          Sign out everywhere
        </Button>
      </div>
    </Section>
  );
}
