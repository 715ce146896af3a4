// Three pages beside each other, with names that do not change from build to build: what is committed can be compared.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: "./", // pages work behind a path of a proxy too
  envDir: false, // nothing of the machine that builds gets in
  publicDir: false, // all files are asked for by a page
  // fhirclient's own switch: nothing that makes up for what old browsers lack
  define: { FHIRCLIENT_PURE: "true" },
  resolve: {
    alias: {
      "isomorphic-webcrypto": file("src/no-webcrypto.ts"),
      // Its other file, for browsers, lets innerHTML decode "&lt;": Trusted Types forbid that.
      "decode-named-character-reference": file("node_modules/decode-named-character-reference/index.js"),
    },
  },
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
