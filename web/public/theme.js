// Runs before the first paint, so that the chosen theme never flashes. The app's switch writes the same key.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("stockwright.theme");
  } catch {
    // Storage is closed to us: the system's theme it is.
  }
  const dark =
    chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
