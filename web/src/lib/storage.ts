/** The browser's storage, which may be full or closed to us: then nothing is kept, and nothing breaks. */
export interface Storage {
  read(key: string): string | null;
  write(key: string, value: string | null): void;
}

function storageOf(kept: () => globalThis.Storage): Storage {
  return {
    read(key) {
      try {
        return kept().getItem(key);
      } catch {
        return null;
      }
    },
    write(key, value) {
      try {
        if (value === null) kept().removeItem(key);
        else kept().setItem(key, value);
      } catch {
        // Kept in memory by its owner, for as long as this page lives.
      }
    },
  };
}

export const browserStorage = storageOf(() => localStorage);
/** This tab's own: it outlives a reload, and nothing else. */
export const tabStorage = storageOf(() => sessionStorage);
