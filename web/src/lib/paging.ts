/** Lists answer with a token for the next page only; the way back is stored here. */
export interface Trail {
  /** The token of the page shown; null is the first page. */
  token: string | null;
  /** The tokens of the pages before it, first page first. */
  before: readonly (string | null)[];
}

export const FIRST_PAGE: Trail = { token: null, before: [] };

export function nextPage(trail: Trail, nextToken: string | null): Trail {
  return nextToken === null ? trail : { token: nextToken, before: [...trail.before, trail.token] };
}

export function previousPage(trail: Trail): Trail {
  const token = trail.before.at(-1);
  return token === undefined ? FIRST_PAGE : { token, before: trail.before.slice(0, -1) };
}

export function pageNumber(trail: Trail): number {
  return trail.before.length + 1;
}

const EMPTY_PAGES_MAX = 20;

/**
 * A page of a filtered list may be empty though more follow (the server looks at so many things for one answer):
 * goes on until there is something to show, a bounded number of times.
 */
export async function filledPage<Page extends { items: unknown[]; nextToken?: string | null }>(
  token: string | null,
  ask: (token: string | null) => Promise<Page>,
): Promise<Page> {
  let page = await ask(token);
  for (let asked = 0; asked < EMPTY_PAGES_MAX && !page.items.length && page.nextToken; asked += 1)
    page = await ask(page.nextToken);
  return page;
}
