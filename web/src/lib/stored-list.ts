/** Reads a list that was stored as text, without entries of another kind; anything else is an empty list. */
export function parseList<Line>(text: string | null, isOne: (line: Line) => boolean): Line[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter((line) => line && isOne(line)) : [];
  } catch {
    return [];
  }
}
