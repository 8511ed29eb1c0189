import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vite";

const server = process.env.FLOWO_DEV_SERVER ?? "http://127.0.0.1:3100";

/** antd's inputs ask whether they stand in a form; of the library of forms that takes its contexts alone, a twentieth. */
const lean: Plugin = {
  name: "contexts-of-forms-only",
  enforce: "pre",
  resolveId(source, importer) {
    if (source !== "@rc-component/form" || !importer?.endsWith("/antd/es/form/context.js")) return null;
    return this.resolve("@rc-component/form/es/FormContext", importer);
  },
};

export default defineConfig({
  // Relative: the same files serve at `/` and under any sub-path of a reverse proxy.
  base: "./",
  plugins: [react(), lean],
  build: {
    outDir: "../flowo/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What every page begins with in two files and not in twenty: a browser asks for six at a time.
        codeSplitting: {
          groups: [
            { name: "libraries", tags: ["$initial"], test: /node_modules/, priority: 2 },
            { name: "base", tags: ["$initial"], priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: { "/api": server, "/open": server, "/healthz": server },
  },
  preview: { port: 4173 },
});
