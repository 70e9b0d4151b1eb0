/** The browser's storage, which may be full or blocked: then nothing is stored, and nothing fails. */
export interface Storage {
  read(key: string): string | null;
  write(key: string, value: string | null): void;
}

function storageOf(open: () => globalThis.Storage): Storage {
  return {
    read(key) {
      try {
        return open().getItem(key);
      } catch {
        return null;
      }
    },
    write(key, value) {
      try {
        if (value === null) open().removeItem(key);
        else open().setItem(key, value);
      } catch {
        // Its owner keeps it in memory, for as long as this page lives.
      }
    },
  };
}

export const browserStorage = storageOf(() => localStorage);
/** This tab's own: it outlives a reload, and nothing else. */
export const tabStorage = storageOf(() => sessionStorage);
