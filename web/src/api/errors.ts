/** A refusal or a failure, as the API answers it (`code`, `message`, `details`, request id). */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly details: unknown;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(answer: {
    status: number;
    code: string;
    message: string;
    details?: unknown;
    requestId?: string | null;
    retryAfterSeconds?: number | null;
  }) {
    super(answer.message);
    this.status = answer.status;
    this.code = answer.code;
    this.details = answer.details;
    this.requestId = answer.requestId ?? null;
    this.retryAfterSeconds = answer.retryAfterSeconds ?? null;
  }

  /** Whether the outcome of a change is unknown: the answer was lost, or is about this one try only. */
  get isUncertain(): boolean {
    const isOfTheTry = this.status === 401 || this.status === 429 || this.code === "IDEMPOTENCY_IN_PROGRESS";
    return this.status === 0 || this.status >= 500 || isOfTheTry;
  }

  /** Whether something broke that the shop's log explains; a refusal explains itself. */
  get isUnexpected(): boolean {
    return this.status >= 500;
  }

  /** Whether the same request may succeed in a moment. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 503 || this.code === "IDEMPOTENCY_IN_PROGRESS";
  }
}

export function isApiError(error: unknown, code?: string): error is ApiError {
  return error instanceof ApiError && (code === undefined || error.code === code);
}

export interface FieldError {
  field: string;
  message: string;
}

/** The wrong fields of a VALIDATION_ERROR; none for any other error. */
export function fieldErrors(error: unknown): FieldError[] {
  if (!isApiError(error, "VALIDATION_ERROR") || !Array.isArray(error.details)) return [];
  return error.details.filter(
    (each): each is FieldError => typeof each?.field === "string" && typeof each?.message === "string",
  );
}

/**
 * Divides a refusal between a form's fields and what is shown below the form: `rest` is what no field shows, or null.
 * The API names a field of a list as "options[0].name", a form as "options.0.name".
 */
export function sortErrors(
  error: unknown,
  fields: readonly string[],
  taken?: string,
): { known: FieldError[]; rest: unknown } {
  if (isApiError(error, "ALREADY_EXISTS")) {
    const named = typeof error.details === "object" ? Object.keys(error.details ?? {}) : [];
    const field = named.find((name) => fields.includes(name)) ?? taken;
    if (field && fields.includes(field)) return { known: [{ field, message: error.message }], rest: null };
  }
  const all = fieldErrors(error).map(({ field, message }) => ({
    field: field.replace(/\[(\d+)\]/g, ".$1"),
    message,
  }));
  const isKnown = ({ field }: FieldError) => fields.includes(field.split(".", 1)[0] ?? "");
  const known = all.filter(isKnown);
  const others = all.filter((each) => !isKnown(each));
  if (known.length && !others.length) return { known, rest: null };
  if (!known.length || !isApiError(error)) return { known, rest: error };
  const { status, code, message, requestId } = error;
  return { known, rest: new ApiError({ status, code, message, details: others, requestId }) };
}

export interface Shortage {
  productId: string;
  variantId?: string | undefined;
  sku: string;
  requested: number;
  available: number;
}

/** What an INSUFFICIENT_STOCK refusal says, line by line. */
export function shortages(error: unknown): Shortage[] {
  if (!isApiError(error, "INSUFFICIENT_STOCK")) return [];
  const lines = (error.details as { lines?: unknown } | null)?.lines;
  if (!Array.isArray(lines)) return [];
  return lines.map((line) => ({
    productId: String(line?.productId ?? ""),
    ...(typeof line?.variantId === "string" && { variantId: line.variantId }),
    sku: String(line?.sku ?? ""),
    requested: Number(line?.requested ?? 0),
    available: Number(line?.available ?? 0),
  }));
}

/** The current state in a 412; null for any other error. */
export function conflictingState<State>(error: unknown): State | null {
  if (!isApiError(error, "VERSION_CONFLICT")) return null;
  return ((error.details as { current?: State } | null)?.current ?? null) as State | null;
}

/** One sentence for people, whatever was thrown. */
export function messageOf(error: unknown): string {
  const [first] = fieldErrors(error);
  if (first) return `${labelOf(first.field)} ${first.message}`;
  if (isApiError(error)) return error.message;
  return "Something went wrong on this page. Reload it, and try again.";
}

function labelOf(field: string): string {
  const words = field
    .replace(/\[(\d+)\]\.?/g, " $1 ")
    .replace(/([A-Z])/g, " $1")
    .toLowerCase()
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
