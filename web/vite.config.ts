// Three pages beside each other, with names that do not change from build to build: what is committed can be compared.
import { defineConfig } from "vite";

export default defineConfig({
  base: "./", // pages work behind a path of a proxy too
  build: {
    outDir: "../cds_service/web",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the Content-Security-Policy allows no data: addresses
    license: { fileName: "licences.md" },
    rolldownOptions: {
      input: { workbench: "index.html", launch: "launch.html", timeline: "timeline.html" },
      output: {
        entryFileNames: "assets/[name].js",
        chunkFileNames: "assets/[name].js",
        assetFileNames: "assets/[name][extname]",
      },
    },
  },
});
