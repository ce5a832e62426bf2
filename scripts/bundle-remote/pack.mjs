// `npm run bundle:remote`: a folder, and an archive of it, that runs checks and benchmarks on a Linux server (x64, glibc 2.28 or newer) with a
// Vulkan driver that has neither Node nor a network. In it: this Node, Dawn's binding, a Vulkan loader, the library and the benchmarks as JavaScript.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
const NAME = "atrous-remote";
const out = join("out", NAME);
const MOST_BYTES = 40e6;

const fail = (message) => {
  console.error(`bundle:remote: ${message}`);
  process.exit(1);
};
if (process.platform !== "linux" || process.arch !== "x64") fail("the bundle holds this machine's Node, so it is made on Linux on x64.");

function command(program, args, options = {}) {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8", ...options });
  if (status !== 0) fail(`${program} ${args.join(" ")}: ${error?.message ?? stderr}`);
}
const has = (program) => spawnSync(program, ["--version"]).status === 0;

/** Copies a file with its folders. */
function put(from, to) {
  mkdirSync(dirname(join(out, to)), { recursive: true });
  copyFileSync(from, join(out, to));
}

/** A program or library without what only debuggers read. */
function putBinary(from, to) {
  put(realpathSync(from), to);
  chmodSync(join(out, to), 0o755);
  if (has("strip")) command("strip", ["--strip-unneeded", join(out, to)]);
}

/** Where this machine has a shared library. */
function libraryPath(name) {
  const found = ["/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib"].map((folder) => join(folder, name)).find((path) => existsSync(path));
  return found ?? fail(`${name} is not here; Debian and Ubuntu have libvulkan.so.1 in the package libvulkan1 (npm run setup:gpu installs it).`);
}

/** TypeScript of some folders, one file to one, as scripts/run.mjs runs it. */
async function transpile(folders) {
  const entryPoints = folders.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts") && !/node_modules|^tmp\/|^page\//.test(name)).map((name) => join(folder, name)));
  await build({ entryPoints, outbase: ".", outdir: join(out, "app"), bundle: false, format: "esm", target: "es2022", logLevel: "error" });
}

rmSync(out, { recursive: true, force: true });
putBinary(process.execPath, "node");
for (const name of ["libvulkan.so.1", "libstdc++.so.6", "libgcc_s.so.1"]) putBinary(libraryPath(name), `lib/${name}/${name}`);
await transpile(["src", "bench", "scripts/networks"]);
const { name, version, license } = JSON.parse(readFileSync("package.json", "utf8"));
writeFileSync(join(out, "app/package.json"), `${JSON.stringify({ name, version, license, private: true, type: "module" }, null, 2)}\n`);
const dawn = "node_modules/webgpu";
for (const file of ["package.json", "index.js", "LICENSE.md"]) put(join(dawn, file), `app/${dawn}/${file}`);
putBinary(join(dawn, "dist/linux-x64/dawn.node"), `app/${dawn}/dist/linux-x64/dawn.node`);
if (existsSync("bench/peers/pytorch.py")) {
  put("bench/peers/pytorch.py", "app/bench/peers/pytorch.py");
  command(process.execPath, ["scripts/run.mjs", "scripts/bundle-remote/shapes.ts", join(out, "app/bench/shapes.json")]);
}
cpSync("scripts/bundle-remote/run.sh", join(out, "run.sh"));
chmodSync(join(out, "run.sh"), 0o755);

const [archive, pack] = has("xz") ? [`${NAME}.tar.xz`, ["-I", "xz -6 -T2"]] : [`${NAME}.tar.gz`, ["-I", "gzip -9"]];
command("tar", [...pack, "-cf", archive, NAME], { cwd: "out" });
const bytes = statSync(join("out", archive)).size;
console.log(`out/${archive}: ${(bytes / 1e6).toFixed(1)} MB. Unpack it there (tar -xf ${archive}) and run ./${NAME}/run.sh`);
if (bytes > MOST_BYTES) fail(`that is more than ${MOST_BYTES / 1e6} MB${has("xz") ? "" : "; xz would make it smaller"}.`);
