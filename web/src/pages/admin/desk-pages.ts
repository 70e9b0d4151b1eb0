import { Activity, KeyRound, LayoutDashboard, Mail, MailWarning, Users } from "lucide-react";
import type { AdminPage } from "./admin-page";

/** The overview, and the pages about people, keys, mails and what failed. */
export const deskPages: readonly AdminPage[] = [
  {
    path: "",
    title: "Overview",
    group: "Today",
    icon: LayoutDashboard,
    atHand: true,
    load: async () => ({ default: (await import("./overview")).Overview }),
  },
  {
    path: "mailbox",
    title: "Mailbox",
    group: "Operations",
    icon: Mail,
    shortcut: "g n",
    keywords: "notifications mail sms email messages sent",
    load: () => import("./mailbox"),
  },
  {
    path: "events",
    title: "Events",
    group: "Operations",
    icon: Activity,
    shortcut: "g e",
    keywords: "log live history what happened",
    load: () => import("./events"),
  },
  {
    path: "dead-letters",
    title: "Dead letters",
    group: "Operations",
    icon: MailWarning,
    shortcut: "g d",
    keywords: "failed retry redrive errors",
    load: () => import("./dead-letters"),
  },
  {
    path: "users",
    title: "Users",
    group: "Operations",
    icon: Users,
    shortcut: "g u",
    keywords: "accounts people roles admins customers disable",
    load: () => import("./users"),
  },
  {
    path: "api-keys",
    title: "API keys",
    group: "Operations",
    icon: KeyRound,
    shortcut: "g k",
    keywords: "machines scopes tokens integrations",
    load: () => import("./api-keys"),
  },
];
