import { api, session } from "@/api/client";
import { queryClient } from "@/api/queries";
import type { User } from "@/api/types";
import { useStore } from "@/lib/store";

export interface Auth {
  user: User | null;
  isAdmin: boolean;
}

/** Who is signed in, in this tab and all others. */
export function useAuth(): Auth {
  const user = useStore(session.current)?.user ?? null;
  return { user, isAdmin: user?.role === "admin" };
}

let shownTo = session.current.get()?.user.id;
session.current.subscribe(() => {
  const now = session.current.get()?.user.id;
  if (now === shownTo) return;
  shownTo = now;
  // What one person was shown is not the next one's to see.
  queryClient.clear();
});

export interface SignInBody {
  email: string;
  password: string;
  mfaCode?: string;
}

export async function signIn(body: SignInBody): Promise<User> {
  return session.begin(await api.post("/signin", { body, anonymous: true })).user;
}

export async function signOut(): Promise<void> {
  const refreshToken = session.current.get()?.refreshToken;
  // Signed out here at once; the server is told, and where it cannot be reached its tokens run out.
  const told = refreshToken
    ? api.post("/signout", { body: { refreshToken } }).catch(() => undefined)
    : Promise.resolve(undefined);
  await Promise.race([told, new Promise((resolve) => setTimeout(resolve, 1500))]);
  session.end();
}

/** Where to go after signing in: a path of this app, or the shop. */
export function safeReturn(wanted: string | null): string {
  return wanted?.startsWith("/") && !wanted.startsWith("//") && !wanted.startsWith("/\\")
    ? wanted
    : "/products";
}
