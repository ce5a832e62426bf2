import { expect, test } from "vitest";
import { readFamily } from "../support/pytorch-file.js";

declare global {
  interface ImportMeta {
    /** Vite's: modules by path, each with a function that loads it. */
    glob(pattern: string): Record<string, () => Promise<unknown>>;
  }
}

const families = Object.keys(import.meta.glob("../fixtures/pytorch/*.safetensors")).map((path) => path.split("/").at(-1)!.slice(0, -".safetensors".length));

test("the fixtures hold at least 600 configurations, with versions and seeds", async () => {
  const read = await Promise.all(families.map(async (name) => ({ name, ...(await readFamily(name)) })));
  console.log("PyTorch configurations:", read.map(({ name, cases }) => `${name} ${cases.length}`).join(", "));
  for (const { name, versions, seed, cases } of read) {
    expect(versions.torch, name).toMatch(/^2\./);
    expect(seed, name).toBeTypeOf("number");
    // A function that detaches what it computes would drop its gradients without a word. Metrics have none.
    if (!name.includes("metric")) expect(cases.filter(({ grads }) => grads).length, `configurations of ${name} with gradients`).toBeGreaterThan(cases.length / 2);
  }
  expect(read.reduce((sum, { cases }) => sum + cases.length, 0)).toBeGreaterThanOrEqual(600);
});
