/** The browser's storage, which may be full or closed to us: then nothing is kept, and nothing breaks. */
export interface Storage {
  read(key: string): string | null;
  write(key: string, value: string | null): void;
}

export const browserStorage: Storage = {
  read(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  write(key, value) {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // Kept in memory by its owner, for as long as this page lives.
    }
  },
};
