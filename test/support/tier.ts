import { inject } from "vitest";
import { random } from "./random.js";

/** `quick` runs everywhere (`npm test`); `full` has every case and every kernel variant (`npm run test:full`). */
export type Tier = "quick" | "full";

declare module "vitest" {
  interface ProvidedContext {
    tier: Tier;
    platform: "node" | "browser";
    seed: number;
  }
}

/** Cases of a table that the quick tier runs. */
const quickCases = 5;

/** The tier of this run, from `ATROUS_TIER`; vitest.config.ts hands it to every project. */
export const tier = (): Tier => inject("tier");

/** Where this test file runs. */
export const platform = (): "node" | "browser" => inject("platform");

/**
 * The cases of a table that this run takes: all of them in the full tier; else `count`, the first and some drawn by the
 * table's name and `ATROUS_SEED` (0), in their order.
 */
export function sampleCases<T>(name: string, cases: readonly T[], count = quickCases): T[] {
  if (tier() === "full" || cases.length <= count) return [...cases];
  const drawn = random(`${name} ${inject("seed")}`).permutation(cases.length - 1).slice(0, count - 1).map((i) => i + 1);
  return [0, ...drawn.sort((a, b) => a - b)].map((i) => cases[i]!);
}
