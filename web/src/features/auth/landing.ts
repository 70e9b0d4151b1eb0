/** Where somebody comes from who goes to sign in, as the address of the sign-in pages says it. */
export interface CameFrom {
  /** A page that needs the sign-in: everybody goes on there. */
  next: string | null;
  /** A page that anybody can read: a customer goes back to it. */
  from: string | null;
}

export function cameFrom(params: URLSearchParams): CameFrom {
  return { next: ownPath(params.get("next")), from: ownPath(params.get("from")) };
}

/** Only a path of this app: a link must not lead somebody who signs in to another site. */
function ownPath(wanted: string | null): string | null {
  return wanted?.startsWith("/") && !wanted.startsWith("//") && !wanted.startsWith("/\\") ? wanted : null;
}

/** Where they go when they have signed in: an admin to work, a customer to the shop. */
export function landing({ next, from }: CameFrom, role: string): string {
  return next ?? (role === "admin" ? "/admin" : (from ?? "/products"));
}

/** The same for the next of the sign-in pages: "?next=%2Fcart", or nothing. */
export function queryOf({ next, from }: CameFrom): string {
  const known = Object.entries({ next, from }).filter((each): each is [string, string] => each[1] !== null);
  return known.length ? `?${new URLSearchParams(known)}` : "";
}
