import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { atrous, folder } from "../node/cli/support.js";
import { dataPath } from "../support/data.js";

const nuclei = dataPath("nuclei");

test.skipIf(!nuclei)("the quick start on photographs of nuclei reaches a Dice of 0.80 on the test images within 12 minutes", async () => {
  await using home = await folder();
  const ran = await atrous(["quickstart", "--data", nuclei!, "--out", home.path], { until: (out) => void process.stdout.write(`\r${out.trimEnd().split("\n").at(-1)}`) });
  expect(ran).toMatchObject({ code: 0, err: "" });
  console.log(`\n${ran.out}`);
  const { perClass, images, seconds } = JSON.parse(await readFile(join(home.path, "metrics.json"), "utf8")) as { perClass: { dice: number }[]; images: number; seconds: number };
  expect(images).toBe(30);
  expect(perClass[1]!.dice).toBeGreaterThanOrEqual(0.8);
  expect(seconds).toBeLessThan(12 * 60);
});
