// The rules of the house that a compiler does not check: which folder may import which, no import cycles, who may touch
// the GPU, shader text and Node, how long files get, and how they are called.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const maxLines = 400;
const core = ["runtime", "kernels", "graph", "ops"];
const tops = ["data", "io", "train", "explain"];
const middle = ["layers", "models", "losses", "metrics", "optim"];
/** Folder of src/ → folders that it may import, besides itself. */
const allowed = {
  runtime: [],
  kernels: ["runtime"],
  graph: ["runtime", "kernels"],
  ops: ["runtime", "kernels", "graph"],
  layers: core,
  models: [...core, "layers"],
  losses: core,
  metrics: core,
  optim: core,
  ...Object.fromEntries(tops.map((top) => [top, [...core, ...middle, ...tops]])),
  node: [...core, ...middle, ...tops],
  cli: [...core, ...middle, ...tops, "node", "index"],
  browser: ["runtime", "kernels"],
  index: [...core, ...middle, ...tops, "browser"],
};

const problems = [];
const report = (where, message) => problems.push(`${where}: ${message}`);

const list = (folder, endings) => (existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [])
  .filter((name) => endings.some((ending) => name.endsWith(ending)) && !/node_modules|(^|[\\/])wgsl[\\/].*\.ts$/.test(name))
  .map((name) => join(folder, name).replaceAll("\\", "/"));

/** Code without comments, and without the contents of strings unless `strings` is set; lines stay where they were. */
function bare(text, strings) {
  return text.replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[\s\S]*?\*\//g, (found) =>
    strings && !found.startsWith("/") ? found : found.replace(/[^\n]/g, " "));
}

function importsOf(text) {
  const found = [];
  const code = bare(text, true);
  const line = (index) => code.slice(0, index).split("\n").length;
  for (const m of code.matchAll(/^[ \t]*(?:import|export)\s+(type\s+)?(?:[\w*{][^;"'`=()]*?\bfrom\s*)?"([^"]+)"/gm)) found.push({ type: !!m[1], path: m[2], line: line(m.index) });
  for (const m of code.matchAll(/\bimport\(\s*"([^"]+)"/g)) found.push({ type: false, path: m[1], line: line(m.index), lazy: true });
  return found;
}

/** The layer of a source file: its folder, or `index` and `node` for the entries. */
const layerOf = (file) => (file.split("/").length > 2 ? file.split("/")[1] : basename(file, ".ts"));

const files = new Map(list("src", [".ts"]).map((file) => {
  const text = readFileSync(file, "utf8");
  const imports = importsOf(text).map((found) => ({
    ...found,
    target: found.path.startsWith(".") ? relative(".", join(dirname(file), found.path)).replaceAll("\\", "/").replace(/\.js$/, ".ts") : undefined,
  }));
  return [file, { text, layer: layerOf(file), imports }];
}));

for (const [file, { text, layer, imports }] of files) {
  if (!(layer in allowed)) report(file, `src/${layer} is not a layer of the design`);
  for (const { path, target, line } of imports) {
    const where = `${file}:${line}`;
    if (target === undefined) {
      if (path === "webgpu" && layer !== "node") report(where, 'only src/node.ts and src/node/ load "webgpu"');
      continue;
    }
    if (!path.endsWith(".js")) report(where, `the import "${path}" must end in ".js"`);
    if (target.startsWith("src/kernels/wgsl/") && layer !== "kernels") report(where, "only src/kernels imports shaders");
    const other = layerOf(target);
    if (other !== layer && !allowed[layer]?.includes(other)) report(where, `src/${layer} may not import src/${other} (imports point one way)`);
  }
  const code = bare(text, false).split("\n");
  code.forEach((content, i) => {
    if (/\bexport\s+default\b/.test(content)) report(`${file}:${i + 1}`, "no default exports");
    if (["runtime", "node", "browser"].includes(layer)) return;
    const touched = content.match(/\bGPU(?=[A-Z])\w+|\bnavigator\.gpu\b|\.(?:createBuffer|createBindGroup|createShaderModule|createComputePipeline|createCommandEncoder|beginComputePass|writeBuffer|mapAsync)\b/);
    if (touched) report(`${file}:${i + 1}`, `only src/runtime touches GPU objects ("${touched[0]}")`);
  });
}

/** Cycles among imports that remain in the JavaScript (types and lazy imports do not count). */
function findCycles() {
  const state = new Map();
  const visit = (file, path) => {
    if (state.get(file) === "done" || !files.has(file)) return;
    if (state.get(file) === "open") return void report(file, `import cycle: ${[...path.slice(path.indexOf(file)), file].join(" → ")}`);
    state.set(file, "open");
    for (const { target, type, lazy } of files.get(file).imports) if (target && !type && !lazy) visit(target, [...path, file]);
    state.set(file, "done");
  };
  for (const file of files.keys()) visit(file, []);
}

/** What a browser loads: nothing reachable from src/index.ts may need Node. */
function checkBrowser() {
  const reached = new Set(["src/index.ts"]);
  for (const file of reached)
    for (const { path, target, type, line } of files.get(file)?.imports ?? []) {
      if (type) continue;
      if (/^node:/.test(path) || ["fs", "path", "os", "url", "zlib", "worker_threads"].includes(path)) report(`${file}:${line}`, `"${path}" is Node's, but src/index.ts reaches this file`);
      if (target && files.has(target)) reached.add(target);
    }
}

findCycles();
checkBrowser();
const everything = [...list("src", [".ts"]), ...list("shaders", [".wgsl"]), ...list("test", [".ts"]), ...list("bench", [".ts"]), ...list("scripts", [".mjs", ".ts"])];
for (const file of everything) {
  const lines = readFileSync(file, "utf8").split("\n").length - 1;
  if (lines > maxLines) report(file, `${lines} lines; split files at ${maxLines}`);
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(basename(file))) report(file, "file names are kebab-case");
}

problems.forEach((problem) => console.error(problem));
console.log(`Imports: ${everything.length} files, ${problems.length} problems.`);
if (problems.length > 0) process.exitCode = 1;
