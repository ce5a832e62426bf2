// npm run bench:peers: installs the libraries that `npm run bench` and `npm run bench:page` compare with, in the versions of package-lock.json here and without
// their install scripts (ONNX Runtime's downloads CUDA libraries, which nobody needs for WebGPU), and bundles TensorFlow.js, whose
// modules Node cannot load one by one. Pages are given bundles of their own (bench/page/build.ts).
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: here, stdio: "inherit" });

await build({
  entryPoints: [new URL("tfjs-entry.mjs", import.meta.url).pathname],
  outfile: new URL("node_modules/.bundles/tfjs.mjs", import.meta.url).pathname,
  bundle: true, format: "esm", platform: "node", target: "es2022", mainFields: ["module", "main"], logLevel: "error",
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
});
console.log("The peers are installed: npm run bench and npm run bench:page measure them too.");
