import { afterAll, beforeAll, expect, test } from "vitest";
import { program, type Program } from "../../support/program.js";
import { tier } from "../../support/tier.js";

let train: Program;
beforeAll(async () => {
  train = await program("test/node/determinism/train.ts");
});
afterAll(() => train.remove());

test("the same seed gives the same bits after a hundred steps, in every process", async () => {
  const hashes = new Set<string>();
  for (let i = 0; i < (tier() === "full" ? 10 : 2); i++) {
    const { code, stdout, stderr } = await train.run(tier() === "full" ? "100" : "30");
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^[0-9a-f]{64}\n$/);
    hashes.add(stdout);
  }
  expect(hashes.size).toBe(1);
});
