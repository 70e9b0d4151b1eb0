import { browserStorage } from "@/lib/storage";
import { Store, useStore } from "@/lib/store";

export type Theme = "system" | "light" | "dark";

/** public/theme.js reads the same key before the first paint. */
const KEY = "stockwright.theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function read(): Theme {
  const found = browserStorage.read(KEY);
  return found === "light" || found === "dark" ? found : "system";
}

const theme = new Store<Theme>(read());

function apply(): void {
  const chosen = theme.get();
  document.documentElement.classList.toggle(
    "dark",
    chosen === "dark" || (chosen === "system" && dark.matches),
  );
}

theme.subscribe(apply);
dark.addEventListener("change", apply);
window.addEventListener("storage", () => theme.set(read()));

export function setTheme(chosen: Theme): void {
  browserStorage.write(KEY, chosen === "system" ? null : chosen);
  theme.set(chosen);
}

export function useTheme(): Theme {
  return useStore(theme);
}
