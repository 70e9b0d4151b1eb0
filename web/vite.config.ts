import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// `npm run dev` sends API calls to a running server; the built app is served by that server itself.
const server = process.env.STOCKWRIGHT_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), tailwindcss(), compressed()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../src/stockwright/http/static/web",
    emptyOutDir: true,
    target: "es2022",
    // The policy allows no data: styles, and small files travel well over one connection.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What every first visit loads is one file: it compresses better, and saves a request for each part.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] } } },
  },
  server: { proxy: { "/api": server } },
  test: { environment: "node", include: ["src/**/*.test.ts"], restoreMocks: true },
});

const COMPRESSED_BYTES_MIN = 1024;

/** Leaves code and styles compressed with Brotli beside themselves, as small as can be: the server sends those. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle).filter((each) => /\.(js|css)$/.test(each))) {
        const content = await readFile(join(dir, name));
        if (content.length >= COMPRESSED_BYTES_MIN)
          await writeFile(join(dir, `${name}.br`), brotliCompressSync(content));
      }
    },
  };
}
