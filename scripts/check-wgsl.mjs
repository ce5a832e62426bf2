// Compiles every shader as it stands, and every entry point specialised by the runtime's own code, with both WGSL
// compilers that browsers use: Tint (through Dawn's null backend: no GPU, no driver) and naga. Prints file:line:column.
// Every entry point is compiled a second time with its floats stored as f16, and a third time with what it reads bound as writable.
//
// A line `//!variant TM=8 TN=4` in a shader adds a set of constants to try beside the defaults.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { parseWgsl, validate } from "naga-wasm";
import { create } from "webgpu";
import { parseShader } from "./wgsl/parse.mjs";
import { ShaderFileError } from "./wgsl/source.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

async function runtime() {
  const contents = 'export { PipelineCache } from "./src/runtime/pipelines.js"; export { specialise } from "./src/runtime/specialise.js"; export { Failures } from "./src/runtime/failures.js";';
  const { outputFiles } = await build({ stdin: { contents, resolveDir: root, loader: "ts" }, bundle: true, write: false, format: "esm", target: "es2022" });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

const gpu = create(["backend=null"]);
const adapter = await gpu.requestAdapter();
const device = await adapter.requestDevice({ requiredFeatures: [...adapter.features].filter((f) => f === "shader-f16" || f === "subgroups") });
const { Failures, PipelineCache, specialise } = await runtime();
const pipelines = new PipelineCache(device, new Failures(device));

let errors = 0;
let pipelinesMade = 0;
const report = (where, message) => {
  errors++;
  console.error(`${where}: ${message.trim()}`);
};

async function tint(code, locate) {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  await device.popErrorScope();
  for (const { type, lineNum, linePos, message } of messages)
    if (type === "error") report(locate(lineNum, linePos), `Tint: ${message}`);
    else console.warn(`${locate(lineNum, linePos)}: Tint ${type}: ${message}`);
  return messages.every(({ type }) => type !== "error");
}

function naga(code, locate) {
  let module;
  try {
    module = parseWgsl(code.replace(/^enable subgroups;$/m, "")); // naga knows the functions, not yet this line
    validate(module).free();
    return true;
  } catch (error) {
    const text = error.formatted ?? String(error);
    const [, line, column] = text.match(/wgsl:(\d+):(\d+)/) ?? [];
    report(line ? locate(Number(line), Number(column)) : locate(1, 1), `naga: ${text}`);
    return false;
  } finally {
    module?.free();
  }
}

/** The sets of constants that a shader asks to be tried, the defaults first. */
function variants({ lines, overrides, consts }) {
  const marked = lines.filter(({ text }) => /^\s*\/\/!variant\b/.test(text)).map(({ text, where }) => {
    const constants = {};
    for (const part of text.replace(/^\s*\/\/!variant\s*/, "").split(/[\s,]+/).filter(Boolean)) {
      const [, name, value] = part.match(/^(\w+)=(-?[\d.]+)u?$/) ?? [];
      if (!name || !(name in overrides || name in consts)) throw new ShaderFileError(where, `"${part}" does not set a constant of this shader`);
      constants[name] = Number(value);
    }
    return constants;
  });
  return [{}, ...marked];
}

/** Bindings of an entry point whose tensors may be stored as f16: those of floats. */
const floats = (shader, entry) => Object.keys(shader.entries[entry]).filter((name) => new RegExp(`var\\s*<\\s*storage\\b[^>]*>\\s*${name}\\s*:\\s*array\\s*<\\s*(f32|vec[234]f|vec[234]<\\s*f32\\s*>)\\s*>`).test(shader.code));

/** The same with every tensor of floats stored as f16: each entry point is a module of its own. */
async function checkHalf(shader, constants) {
  for (const entry of Object.keys(shader.entries)) {
    const half = floats(shader, entry);
    if (half.length === 0) continue;
    const label = `shaders/${shader.name}.wgsl ${entry} in f16`;
    const { code } = specialise(shader, { constants, half });
    const quote = (line, column) => `${label}: specialised line ${line}:${column} "${code.split("\n")[line - 1]?.trim() ?? ""}"`;
    const compiles = await tint(code, quote);
    if (!naga(code, quote) || !compiles) continue;
    pipelinesMade++;
    await pipelines.get(shader, entry, { constants, half }).ready.catch((error) => report(label, error.message));
  }
}

/** The same with what an entry point reads bound as writable, as plans do to save memory: reads of such buffers count as non-uniform. */
async function checkWritable(shader, constants) {
  for (const [entry, bindings] of Object.entries(shader.entries)) {
    const writable = Object.keys(bindings).filter((name) => bindings[name][1] === "read").sort();
    pipelinesMade++;
    await pipelines.get(shader, entry, { constants, half: [], writable }).ready.catch((error) => report(`shaders/${shader.name}.wgsl ${entry} with ${writable.join(", ")} writable`, error.message));
  }
}

async function checkVariant(shader, constants) {
  const label = `shaders/${shader.name}.wgsl${Object.keys(constants).length ? ` with ${JSON.stringify(constants)}` : ""}`;
  const { code } = specialise(shader, { constants, half: [] });
  const quote = (line, column) => `${label}: specialised line ${line}:${column} "${code.split("\n")[line - 1]?.trim() ?? ""}"`;
  const compiles = await tint(code, quote);
  if (!naga(code, quote) || !compiles) return;
  for (const entry of Object.keys(shader.entries)) {
    pipelinesMade++;
    await pipelines.get(shader, entry, { constants, half: [] }).ready.catch((error) => report(label, error.message));
  }
  await checkHalf(shader, constants);
  await checkWritable(shader, constants);
}

const started = performance.now();
const files = readdirSync("shaders").filter((file) => file.endsWith(".wgsl"));
for (const file of files) {
  try {
    const shader = parseShader(join("shaders", file));
    if (Object.keys(shader.entries).length === 0) report(`shaders/${file}:1`, "no @compute entry point");
    const locate = (line, column) => `${shader.lines[line - 1]?.where ?? `shaders/${file}:${line}`}:${column}`;
    const good = await tint(shader.source, locate);
    if (naga(shader.source, locate) && good) for (const constants of variants(shader)) await checkVariant(shader, constants);
  } catch (error) {
    if (error instanceof ShaderFileError) report(error.message, "");
    else report(`shaders/${file}`, error.message);
  }
}
device.destroy();
console.log(`WGSL: ${files.length} shaders, ${pipelinesMade} pipelines, ${errors} errors, ${Math.round(performance.now() - started)} ms.`);
if (errors > 0) process.exitCode = 1;
