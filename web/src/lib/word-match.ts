const words = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Whether each word that is looked for begins a word of what there is: "si ou" finds "Sign out", "sun" does not. */
export function beginsWords(looked: string, ...found: string[]): boolean {
  const there = found.flatMap(words);
  return words(looked).every((wanted) => there.some((word) => word.startsWith(wanted)));
}
