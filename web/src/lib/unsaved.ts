import { useEffect, useRef } from "react";

type Check = () => boolean;

/** Forms that may hold changes which nobody has saved. */
export class UnsavedForms {
  readonly #checks = new Set<Check>();

  add(check: Check): () => void {
    this.#checks.add(check);
    return () => {
      this.#checks.delete(check);
    };
  }

  /** Those that would lose something now. A dialog that opens over one of them does not answer for it. */
  now(): ReadonlySet<Check> {
    return new Set([...this.#checks].filter((check) => check()));
  }

  /** Whether any would lose something now, besides those of an earlier moment. */
  any(besides: ReadonlySet<Check> = new Set()): boolean {
    return [...this.now()].some((check) => !besides.has(check));
  }
}

/** All forms of the page: navigation, reload and the closing of a dialog ask before their changes are lost. */
export const unsavedForms = new UnsavedForms();

/** While this is true, leaving asks first. */
export function useUnsaved(isUnsaved: Check): void {
  const latest = useRef(isUnsaved);
  useEffect(() => {
    latest.current = isUnsaved;
  });
  useEffect(() => unsavedForms.add(() => latest.current()), []);
}
