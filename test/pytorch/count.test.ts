import { expect, test } from "vitest";
import { readFamily } from "../support/pytorch-file.js";

declare global {
  interface ImportMeta {
    /** Vite's: modules by path, each with a function that loads it. */
    glob(pattern: string): Record<string, () => Promise<unknown>>;
  }
}

/** One family per test file of this folder, but for what is no family. */
const families = Object.keys(import.meta.glob("./*.test.ts"))
  .map((path) => path.slice(2, -".test.ts".length))
  .filter((name) => name !== "count" && name !== "harness");

test("the fixtures hold at least 600 configurations, with versions and seeds", async () => {
  const read = await Promise.all(families.map(async (name) => ({ name, ...(await readFamily(name)) })));
  console.log(read.map(({ name, cases }) => `${name} ${cases.length}`).join(", "));
  for (const { name, versions, seed } of read) {
    expect(versions.torch, name).toMatch(/^2\./);
    expect(seed, name).toBeTypeOf("number");
  }
  expect(read.reduce((sum, { cases }) => sum + cases.length, 0)).toBeGreaterThanOrEqual(600);
});
