import { dataOf, guest, session } from "@/api/client";
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
  return session.begin(await dataOf(guest.POST("/signin", { body }))).user;
}

export async function signOut(): Promise<void> {
  // Signed out here at once; the server is notified, and if it cannot be reached the tokens expire.
  await Promise.race([sendSignOut(), new Promise((resolve) => setTimeout(resolve, 1500))]);
  session.end();
}

/** Never asks for the password, even if the session has ended meanwhile. */
async function sendSignOut(): Promise<void> {
  const token = await session.token();
  const refreshToken = session.current.get()?.refreshToken;
  if (token === null || !refreshToken) return;
  const headers = { Authorization: `Bearer ${token}` };
  await guest.POST("/signout", { body: { refreshToken }, headers }).catch(() => undefined);
}
