// node scripts/run.mjs FILE.ts [ARGUMENTS…]: runs a TypeScript program of this repository (the command, benchmarks).
// All of src/, bench/, examples/ and scripts/ is transpiled, one file to one, into node_modules/.cache, and FILE imported from there.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "node_modules/.cache/atrous/run");
const [file, ...rest] = process.argv.slice(2);
if (!file) {
  console.error("usage: node scripts/run.mjs FILE.ts [ARGUMENTS…]");
  process.exit(1);
}

const sources = ["src", "bench", "examples", "scripts"].filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts") && !name.includes("node_modules"))
    .map((name) => join(root, folder, name)));
const { outputFiles } = await build({
  entryPoints: sources, outbase: root, outdir: out, absWorkingDir: root,
  bundle: false, write: false, format: "esm", target: "es2022", sourcemap: "linked", logLevel: "error",
});

// Written beside and renamed, and only when changed: several runs may start at once.
function put(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, contents);
  renameSync(beside, path);
}
put(join(out, "package.json"), Buffer.from('{ "type": "module" }\n'));
for (const { path, contents } of outputFiles) put(path, Buffer.from(contents));

const program = join(out, relative(root, resolve(file)).replace(/\.ts$/, ".js"));
process.argv = [process.argv[0], program, ...rest];
process.setSourceMapsEnabled(true);
await import(pathToFileURL(program).href);
