/** Reads a list that was kept as text, leaving out what is none of its kind; whatever is no list is an empty one. */
export function parseList<Line>(text: string | null, isOne: (line: Line) => boolean): Line[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter((line) => line && isOne(line)) : [];
  } catch {
    return [];
  }
}
