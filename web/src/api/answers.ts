import { ApiError } from "./errors";

/** Sends a request and gives its answer, as `fetch` does: what openapi-fetch takes as its `fetch` option. */
export type Fetch = (request: Request) => Promise<Response>;

interface Envelope {
  success?: boolean;
  error?: { code?: string; message?: string; details?: unknown };
  meta?: { requestId?: string };
}

/**
 * Sends a request to the API, whose base is known at run time only.
 * The body is passed on as text: a browser sends a stream over HTTP/2 alone.
 */
export function sendTo(
  base: () => Promise<string>,
  fetch: (url: string, init: RequestInit) => Promise<Response>,
): Fetch {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const { method, headers, signal } = request;
    const body = method === "GET" ? null : (await request.text()) || null;
    return fetch((await base()) + pathname + search, { method, headers, signal, body });
  };
}

/** Gives good answers only, JSON read to its end; throws ApiError for a refusal, a failure, and a lost answer. */
export function checkAnswers(send: Fetch): Fetch {
  return async (request) => {
    let response: Response;
    try {
      response = await send(request);
    } catch (error) {
      if (isAborted(error)) throw error;
      throw new ApiError({
        status: 0,
        code: "NETWORK",
        message: "The shop cannot be reached. Check your connection, and try again.",
      });
    }
    if (!response.ok) throw errorOf(response, parse(await readText(response)));
    if (request.headers.get("Accept") !== "application/json") return response;
    const text = await readText(response);
    const body = parse(text);
    if (body?.success !== true) throw errorOf(response, body);
    return new Response(text, response);
  };
}

/** The `data` of a good answer: `await dataOf(api.GET("/orders/{id}", …))`. */
export async function dataOf<Data>(call: Promise<{ data?: { data: Data } }>): Promise<Data> {
  const { data } = await call;
  // Any other answer was refused by `checkAnswers`.
  if (!data) throw new TypeError("An answer without data");
  return data.data;
}

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Empty where the answer was cut off. */
async function readText(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    if (isAborted(error)) throw error;
    return "";
  }
}

function parse(text: string): Envelope | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(response: Response, body: Envelope | undefined): ApiError {
  const after = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new ApiError({
    status: response.ok ? 502 : response.status,
    code: body?.error?.code ?? "BAD_ANSWER",
    message: body?.error?.message ?? "The shop's answer cannot be read. Try again in a moment.",
    details: body?.error?.details,
    requestId: body?.meta?.requestId ?? response.headers.get("X-Request-Id"),
    retryAfterSeconds: Number.isFinite(after) ? after : null,
  });
}
