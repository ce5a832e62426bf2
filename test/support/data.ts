import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

let warned = false;

/**
 * Path of a file or folder of the real data: under `ATROUS_DATA`, or under `shared/data` beside the repository.
 * Undefined where it is absent; then it says so, once.
 */
export function dataPath(...parts: string[]): string | undefined {
  const root = process.env["ATROUS_DATA"] ?? resolve(fileURLToPath(new URL("../../..", import.meta.url)), "shared", "data");
  const path = join(root, ...parts);
  if (existsSync(path)) return path;
  if (!warned) {
    warned = true;
    console.warn(`Tests on real images are left out: there is no ${path}. Set ATROUS_DATA to the folder that holds ${parts[0] ?? "the data"}.`);
  }
  return undefined;
}
