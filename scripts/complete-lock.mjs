// npm run lock: makes package-lock.json anew, for all platforms.
// A registry mirror may not offer the binaries of other platforms (rollup for Windows, say). npm then leaves them out of the
// lock file without a word, and `npm ci` refuses that file everywhere. This adds them as what they are, optional
// packages of another platform; they lack only the checksum that could not be had here.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const file = "package-lock.json";

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const processors = ["arm64", "arm", "x64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32"];

/** `{ os, cpu, libc }` from the words of a name such as `@rollup/rollup-linux-arm-gnueabihf`. */
function platformOf(name) {
  const words = name.split(/[-/.]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  const libc = os !== "linux" ? undefined : words.some((w) => w.startsWith("musl")) ? "musl" : words.some((w) => w.startsWith("gnu")) ? "glibc" : undefined;
  return os && cpu && { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
}

if (process.argv.includes("--fresh")) {
  rmSync(file, { force: true });
  rmSync("node_modules/.package-lock.json", { force: true });
  execFileSync("npm", ["install", "--package-lock-only", "--omit-lockfile-registry-resolved"], { stdio: "inherit" });
}
const lock = JSON.parse(readFileSync(file, "utf8"));
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  const folder = path.slice(0, path.lastIndexOf("node_modules/") + "node_modules/".length);
  for (const [name, version] of Object.entries(path ? (entry.optionalDependencies ?? {}) : {})) {
    const platform = platformOf(name);
    if (`${path}/node_modules/${name}` in lock.packages || `${folder}${name}` in lock.packages || `node_modules/${name}` in lock.packages || !platform) continue;
    lock.packages[`${folder}${name}`] = { version, ...platform, ...(entry.dev && { dev: true }), optional: true };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
const addresses = Object.values(lock.packages).filter(({ resolved }) => resolved).length;
console.log(`${file}: ${Object.keys(lock.packages).length} packages, ${added} added for other platforms, ${addresses} addresses.`);
if (addresses > 0) process.exitCode = 1;
