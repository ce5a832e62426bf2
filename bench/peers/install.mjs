// npm run bench:peers: installs the libraries that `npm run bench` compares with, in the versions of package-lock.json here and without
// their install scripts (ONNX Runtime's downloads CUDA libraries, which nobody needs for WebGPU), and bundles TensorFlow.js, whose
// modules Node cannot load one by one.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: here, stdio: "inherit" });

// Gradients have to be registered by hand where only tfjs-core is used.
const contents = `
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-backend-webgpu";
export * from "@tensorflow/tfjs-core";
`;
await build({
  stdin: { contents, resolveDir: here, sourcefile: "tfjs.js" },
  outfile: new URL("node_modules/.bundles/tfjs.mjs", import.meta.url).pathname,
  bundle: true, format: "esm", platform: "node", target: "es2022", mainFields: ["module", "main"], logLevel: "error",
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
});
console.log("The peers are installed: npm run bench measures them too.");
