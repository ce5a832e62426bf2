// Is what `npm pack` makes usable by a stranger? Installs it in an empty project (nothing is downloaded: the packages beside it are
// linked from here), then: the two errors of a machine without WebGPU, the README's example in Node, all documents under the type
// checker, and the example page through a bundler in headless Chromium, whose screenshot lands in out/package/.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);
const project = mkdtempSync(join(tmpdir(), "atrous-package-"));
const out = join(root, "out/package");
mkdirSync(out, { recursive: true });

function run(command, args, { cwd = project, env = {} } = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env: { ...process.env, ...env }, encoding: "utf8", timeout: 300_000 });
  if (error) throw error;
  return { status, stdout, stderr, text: `${stdout}${stderr}` };
}

function check(what, right, details = "") {
  if (!right) throw new Error(`${what}: not so.\n${details}`);
  console.log(`ok  ${what}`);
}

/** Puts a package of this repository into the project, as an installation would. */
function link(name) {
  const to = join(project, "node_modules", name);
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(join(root, "node_modules", name), to);
}

/** A module of test/support, bundled so that this script can use it. */
async function support(name) {
  const outfile = join(root, "node_modules/.cache/atrous", `${name}.mjs`);
  await build({ entryPoints: [`test/support/${name}.ts`], outfile, bundle: true, format: "esm", platform: "node", packages: "external", logLevel: "silent" });
  return import(pathToFileURL(outfile).href);
}

async function main() {
  if (!process.argv.includes("--built") || !existsSync("dist/index.d.ts")) {
    const built = run("npm", ["run", "--silent", "build"], { cwd: root });
    check("the package builds", built.status === 0, built.text);
  }
  const packed = run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", project], { cwd: root });
  check("npm pack", packed.status === 0, packed.text);
  const [{ filename, size, unpackedSize, files }] = JSON.parse(packed.stdout);
  console.log(`    ${files.length} files, ${(size / 1024).toFixed(0)} kB packed, ${(unpackedSize / 1024).toFixed(0)} kB unpacked`);
  const strays = files.map(({ path }) => path).filter((path) => !/^(dist\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path));
  check("it holds dist, README, changelog and licence only", strays.length === 0, strays.join("\n"));

  writeFileSync(join(project, "package.json"), '{ "name": "stranger", "private": true, "type": "module" }\n');
  const installed = run("npm", ["install", "--offline", "--no-audit", "--no-fund", "--omit=optional", join(project, filename)]);
  check("npm install of the tarball in an empty project", installed.status === 0, installed.text);

  const bin = join(project, "node_modules/.bin/atrous");
  // A loader that finds no driver is what a machine without one has.
  const bare = { ATROUS_ADAPTER: "", VK_DRIVER_FILES: "/nonexistent.json", VK_ICD_FILENAMES: "/nonexistent.json" };
  // Where there is a Vulkan loader, it and Dawn complain on stderr in their own words first.
  const ours = (stderr) => stderr.split("\n").filter((line) => line.trim() && !/^(Warning: |\s+at )/.test(line));
  const oneLine = ({ status, stderr }) => status === 1 && ours(stderr).length === 1;
  const noDawn = run(bin, ["info"], { env: bare });
  check("without the package webgpu: one sentence, exit code 1", oneLine(noDawn) && noDawn.stderr.includes("npm install webgpu"), noDawn.text);
  link("webgpu");
  const noAdapter = run(bin, ["info"], { env: bare });
  check("without an adapter: one sentence with the remedies, exit code 1", oneLine(noAdapter) && /No WebGPU adapter was found: .*mesa-vulkan-drivers.*@sparticuz\/chromium/.test(noAdapter.stderr), noAdapter.text);
  link("@sparticuz/chromium");

  const { programsOf } = await support("documents");
  writeFileSync(join(project, "example.ts"), programsOf("README.md", root).node);
  await build({ entryPoints: [join(project, "example.ts")], outfile: join(project, "example.mjs"), format: "esm", target: "es2022", logLevel: "error" });
  const example = run(process.execPath, ["example.mjs"]);
  check("the README's example runs in Node", example.status === 0 && /^\d+\.\d+$/m.test(example.stdout), example.text);
  console.log(`    loss ${example.stdout.trim()}`);

  const tsconfig = { compilerOptions: { target: "ES2022", module: "NodeNext", lib: ["ES2023", "ESNext.Disposable", "DOM"], types: [], strict: true, noEmit: true, skipLibCheck: false }, include: ["*.ts"] };
  for (const folder of ["docs/guide", "docs/how-to"])
    for (const name of readdirSync(folder)) {
      const { node, browser } = programsOf(`${folder}/${name}`, root);
      for (const [kind, code] of Object.entries({ node, browser })) if (code) writeFileSync(join(project, `${name}.${kind}.ts`), code);
    }
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(tsconfig));
  const typed = run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."]);
  check("the code of README and guides is right by the package's types, which need no others", typed.status === 0, typed.text);

  const page = join(project, "page");
  cpSync("examples/browser", page, { recursive: true, filter: (path) => !/[\\/]dist$/.test(path) });
  const bundle = await build({ entryPoints: [join(page, "main.js")], outfile: join(page, "dist/main.js"), bundle: true, minify: true, format: "esm", target: "es2022", metafile: true, logLevel: "error" });
  console.log(`    the example page is ${(Object.values(bundle.metafile.outputs)[0].bytes / 1024).toFixed(0)} kB of JavaScript`);
  const { runPage } = await support("page");
  const steps = Number(process.env.ATROUS_PAGE_STEPS ?? 60);
  const seen = await runPage(page, `index.html?steps=${steps}`, { screenshot: join(out, "browser.png"), timeout: 240_000 });
  if (!seen) return console.log("--  no Chromium here: the example page was not opened");
  const { adapter, first, last, iou } = seen.result;
  check("the example page trains in Chromium", last < first && seen.lines.length === 0, JSON.stringify(seen, null, 2));
  console.log(`    ${adapter}: loss ${first.toFixed(3)} → ${last.toFixed(3)} in ${steps} steps, IoU ${iou.toFixed(3)}; out/package/browser.png`);
}

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(project, { recursive: true, force: true });
}
