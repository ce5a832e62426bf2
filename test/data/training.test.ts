import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readLog } from "../../src/train/run-log.js";
import { atrous, folder } from "../node/cli/support.js";
import { dataPath } from "../support/data.js";

const [nuclei, camvid, images] = [dataPath("nuclei"), dataPath("camvid"), dataPath("images")];

const losses = async (out: string): Promise<number[]> => readLog(await readFile(join(out, "log.jsonl"), "utf8")).flatMap((line) => (line.type === "step" ? [line.loss] : []));
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe("the command on real images", () => {
  test.skipIf(!nuclei || !images)("learns from photographs of nuclei, and segments files of every kind", async () => {
    await using home = await folder();
    const out = join(home.path, "run");
    const trained = await atrous(["train", nuclei!, "--out", out, "--widths", "8,16,32", "--size", "96", "--batch", "8", "--steps", "60", "--lr", "0.005", "--clip-norm", "1", "--validate-every", "60"]);
    expect(trained).toMatchObject({ code: 0, err: "" });
    const weights = join(out, "weights.safetensors");
    const evaluated = JSON.parse((await atrous(["evaluate", nuclei!, "--weights", weights, "--json"])).out) as { images: number; perClass: { name: string; dice: number }[] };
    expect(evaluated.images).toBe(30);
    expect(evaluated.perClass[1]!.name).toBe("nucleus");
    expect(evaluated.perClass[1]!.dice).toBeGreaterThan(0.5);

    const folders = ["photos", "exif", "jpeg", join("jpeg", "reftest")].map((name) => join(images!, name));
    const segmented = await atrous(["segment", ...folders, "--weights", weights, "--out", join(home.path, "masks"), "--json"]);
    const found = JSON.parse(segmented.out) as { image: string; width: number; height: number }[];
    const all = (await Promise.all(folders.map((each) => readdir(each)))).flat().filter((name) => /\.(png|jpe?g)$/.test(name));
    expect(segmented.err.split("\n").filter((line) => line.includes(images!) && !line.includes(" → "))).toEqual([]);
    expect(found).toHaveLength(all.length);
    expect(found.find(({ image }) => image.endsWith("hopper_orientation_6.jpg"))).toMatchObject({ width: expect.any(Number), height: expect.any(Number) });
    expect(new Set((await readdir(join(home.path, "masks"))).map((name) => name.toLowerCase())).size).toBe(all.length);
  }, 600_000);

  test.skipIf(!camvid)("learns eleven classes of street scenes, unlabelled pixels ignored", async () => {
    await using home = await folder();
    const out = join(home.path, "run");
    const trained = await atrous(["train", camvid!, "--out", out, "--widths", "8,16,32", "--size", "96x128", "--batch", "6", "--steps", "60", "--lr", "0.01", "--clip-norm", "1", "--loss", "ce", "--no-normalise", "--validate-every", "1000"]);
    expect(trained.code).toBe(0);
    expect(trained.out).toContain("367 training images, 101 validation images. Classes: sky, building,");
    const values = await losses(out);
    expect(mean(values.slice(-5))).toBeLessThan(0.85 * mean(values.slice(0, 3)));
  }, 600_000);
});
