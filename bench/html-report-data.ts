import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { groups } from "./harness.js";
import type { ResultsFile } from "./results-file.js";

/** What is saved of one adapter. */
export interface AdapterResults {
  /** Name of the folder ("lavapipe"). */
  readonly folder: string;
  /** One for each group, in the order of the groups. */
  readonly files: readonly ResultsFile[];
}

/** Reads one adapter's folder; files of other tables are left out. */
function readAdapter(root: string, folder: string): AdapterResults {
  const files = readdirSync(join(root, folder)).filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(root, folder, name), "utf8")) as ResultsFile)
    .filter(({ rows }) => Array.isArray(rows) && rows.length > 0);
  const place = ({ rows }: ResultsFile): number => groups.indexOf(rows[0]!.group);
  return { folder, files: files.sort((a, b) => place(a) - place(b)) };
}

/** Every adapter with results under `root`, GPUs first. */
export function readResults(root: string): AdapterResults[] {
  if (!existsSync(root)) return [];
  const all = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => readAdapter(root, name)).filter(({ files }) => files.length > 0);
  return all.sort((a, b) => Number(a.files[0]!.adapter.software) - Number(b.files[0]!.adapter.software) || a.folder.localeCompare(b.folder));
}
