import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { median } from "./harness.js";

/** Milliseconds since the start of a fresh process. */
export interface ColdStart {
  readonly name: string;
  /** False: Mesa's on-disk shader cache was switched off (other drivers keep theirs). */
  readonly cache: boolean;
  /** Modules loaded. */
  readonly imported: number;
  /** Device there. */
  readonly opened: number;
  /** Captured, planned, every pipeline compiled. */
  readonly prepared: number;
  /** First result read back. */
  readonly first: number;
}

const program = fileURLToPath(new URL("cold-start.js", import.meta.url));

async function once(which: "forward" | "step", cache: boolean): Promise<ColdStart> {
  const env = cache ? process.env : { ...process.env, MESA_SHADER_CACHE_DISABLE: "true" };
  const { stdout } = await promisify(execFile)(process.execPath, [program, which], { env });
  return { name: `unet ${which}`, cache, ...(JSON.parse(stdout.trim().split("\n").at(-1)!) as Omit<ColdStart, "name" | "cache">) };
}

/** Medians of `runs` processes for each network, without and with a shader cache filled by the runs before. */
export async function coldStarts(runs: number): Promise<ColdStart[]> {
  const results: ColdStart[] = [];
  for (const which of ["forward", "step"] as const)
    for (const cache of [false, true]) {
      if (cache) await once(which, true);
      const all: ColdStart[] = [];
      for (let run = 0; run < runs; run++) all.push(await once(which, cache));
      const middle = (key: "imported" | "opened" | "prepared" | "first"): number => median(all.map((one) => one[key]));
      results.push({ name: all[0]!.name, cache, imported: middle("imported"), opened: middle("opened"), prepared: middle("prepared"), first: middle("first") });
    }
  return results;
}
