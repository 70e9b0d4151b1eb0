import type { Fetch } from "./answers";
import { ApiError } from "./errors";
import type { Session, SessionKeeper } from "./session";

/** Sends requests with the session's token. After a 401 it renews the session, and sends the request again. */
export function authorize(session: SessionKeeper, send: Fetch): Fetch {
  const sendAs = (request: Request, token: string | null) => {
    const signed = request.clone();
    if (token !== null) signed.headers.set("Authorization", `Bearer ${token}`);
    return send(signed);
  };
  return async (request) => {
    const caller = session.current.get()?.user.id;
    const token = await session.token();
    try {
      return await sendAs(request, token);
    } catch (error) {
      const refused = token ?? session.current.get()?.idToken ?? null;
      if (!(error instanceof ApiError) || error.status !== 401 || refused === null) throw error;
      const renewed = (await session.renew(refused)) ?? (await signInAgain(session, refused));
      // Somebody else signed in meanwhile: what the first one asked for is not theirs to do.
      if (!renewed || (caller !== undefined && renewed.user.id !== caller)) throw error;
      return sendAs(request, renewed.idToken);
    }
  };
}

function signInAgain(session: SessionKeeper, refused: string): Promise<Session | null> {
  const now = session.current.get();
  if (!now || now.idToken !== refused) return Promise.resolve(now);
  return session.signInAgain();
}
