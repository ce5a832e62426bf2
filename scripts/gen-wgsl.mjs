// Writes src/kernels/wgsl/<name>.ts for every shaders/<name>.wgsl: its text and the names that the compiler checks calls against.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseShader } from "./wgsl/parse.mjs";
import { ShaderFileError } from "./wgsl/source.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const from = join(root, "shaders");
const to = join(root, "src/kernels/wgsl");

function moduleText({ name, code, entries, params, overrides, consts }) {
  return `// Written by scripts/gen-wgsl.mjs from shaders/${name}.wgsl; edit that file.
import type { Shader } from "../../runtime/kernel.js";

export default ${JSON.stringify({ name, code, entries, params, overrides, consts }, null, 2)} as const satisfies Shader;
`;
}

process.chdir(root);
mkdirSync(to, { recursive: true });
const names = readdirSync(from).filter((file) => file.endsWith(".wgsl")).map((file) => file.slice(0, -".wgsl".length));
let failed = false;
for (const name of names) {
  try {
    const text = moduleText(parseShader(join(from, `${name}.wgsl`)));
    const target = join(to, `${name}.ts`);
    if (!existsSync(target) || readFileSync(target, "utf8") !== text) writeFileSync(target, text);
  } catch (error) {
    if (!(error instanceof ShaderFileError)) throw error;
    console.error(error.message);
    failed = true;
  }
}
for (const file of readdirSync(to)) if (!names.includes(file.replace(/\.ts$/, ""))) rmSync(join(to, file));
if (failed) process.exitCode = 1;
