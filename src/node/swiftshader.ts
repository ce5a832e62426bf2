import { accessSync, constants as fsConstants, existsSync, mkdirSync, readFileSync } from "node:fs";
import { constants as osConstants, homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unpackOnce } from "./unpack.js";

/** glibc's flag that keeps a library mapped when Node closes it again. */
const RTLD_NODELETE = 0x1000;

function writable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, fsConstants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first `node_modules/@sparticuz/chromium` above this file or above the working directory. */
export function chromiumPackage(): string | undefined {
  for (const start of [dirname(fileURLToPath(import.meta.url)), process.cwd()])
    for (let folder = start; ; folder = dirname(folder)) {
      const found = join(folder, "node_modules/@sparticuz/chromium");
      if (existsSync(join(found, "bin/swiftshader.tar.br"))) return found;
      if (folder === dirname(folder)) break;
    }
  return undefined;
}

/** Unpacks archives of `@sparticuz/chromium` into a cache beside it (or in the home folder where that is read-only). */
export function unpackFromChromium(name: string, archives: readonly string[]): string | undefined {
  const found = process.platform === "linux" && process.arch === "x64" ? chromiumPackage() : undefined;
  if (!found) return undefined;
  const { version } = JSON.parse(readFileSync(join(found, "package.json"), "utf8")) as { version: string };
  const caches = [join(found, "../../.cache/atrous"), join(homedir(), ".cache/atrous")];
  const cache = caches.find((folder) => existsSync(join(folder, `${name}-${version}`))) ?? caches.find(writable);
  return cache && unpackOnce(archives.map((archive) => join(found, "bin", archive)), join(cache, `${name}-${version}`));
}

/**
 * Maps a Vulkan loader for good; Dawn then finds it by its name. Node complains that it is no add-on, which is
 * expected. False when the library is not there.
 */
export function loadVulkan(library: string): boolean {
  if (process.platform !== "linux") return true;
  const { RTLD_NOW, RTLD_GLOBAL } = osConstants.dlopen;
  try {
    process.dlopen({ exports: {} }, library, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  } catch (error) {
    return /self-register/.test(String(error));
  }
  return true;
}

/** Points the Vulkan loader of this process at the drivers in `icd` (a JSON file that names a driver). */
export function useDriver(icd: string): void {
  process.env["VK_DRIVER_FILES"] = icd;
  process.env["VK_ICD_FILENAMES"] = icd; // loaders before 1.3.207
}

/** Makes npm's SwiftShader the Vulkan driver of this process. False when `@sparticuz/chromium` is not installed. */
export function useSwiftShader(): boolean {
  const folder = unpackFromChromium("swiftshader", ["swiftshader.tar.br"]);
  if (!folder) return false;
  useDriver(join(folder, "vk_swiftshader_icd.json"));
  // The system's loader, where there is one, obeys the environment as well and may be mapped already.
  return loadVulkan("libvulkan.so.1") || loadVulkan(join(folder, "libvulkan.so.1"));
}
