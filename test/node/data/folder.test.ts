import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batches } from "../../../src/data/batches.js";
import { openFolder, type FolderOptions } from "../../../src/data/folder.js";
import { encodePng } from "../../../src/io/png-encode.js";
import { DataError, FileError, ImageError } from "../../../src/runtime/errors.js";

let root: string;
let workerUrl: URL;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "atrous-folder-"));
  // Node 20 starts no TypeScript in a thread: the worker is built as the package builds it.
  const outfile = join(root, "decode.worker.mjs");
  await build({ entryPoints: ["src/data/decode.worker.ts"], bundle: true, platform: "node", format: "esm", external: ["sharp"], outfile, logLevel: "warning" });
  workerUrl = new URL(`file://${outfile}`);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const gray = (values: number[], width: number): Uint8Array => encodePng({ width, height: values.length / width, channels: 1, data: Uint8Array.from(values) });
const picture = (width: number, height: number, value = 7): Uint8Array => encodePng({ width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(value) });

let folders = 0;
/** A folder with these files, and its path. */
async function folder(files: Record<string, Uint8Array | string>): Promise<string> {
  const path = join(root, `set${folders++}`);
  await mkdir(path);
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), bytes);
  }
  return path;
}

const two = { "train/images/a.png": picture(2, 2, 1), "train/images/b.png": picture(2, 2, 2), "train/masks/a.png": gray([0, 255, 0, 0], 2), "train/masks/b.png": gray([255, 255, 0, 0], 2) };

describe.each([["in this thread", 0], ["in threads", 2]])("openFolder, decoding %s", (_, workers) => {
  const open = (path: string, options: FolderOptions = {}) => openFolder(path, { workers, workerUrl, ...options });

  it("pairs images and masks by name and infers two classes", async () => {
    await using set = await open(await folder(two));
    expect(set.length).toBe(2);
    expect(set.assumed).toEqual(["Mask values are 0 and 255, and there is no classes.json: assumed 0 = background and 255 = foreground."]);
    expect(await set.get(1)).toEqual({ name: "b.png", width: 2, height: 2, image: new Uint8Array(12).fill(2), mask: Uint8Array.of(1, 1, 0, 0) });
    expect(await set.get(1)).toBe(await set.get(1));
  });

  it("reads classes.json, labels beside masks, and void as ignored", async () => {
    const path = await folder({
      "classes.json": `{ "classes": ["x", "y"], "values": { "3": 0, "4": 1, "9": null } }`,
      "val/images/a.png": picture(3, 1), "val/labels/a.png": gray([3, 4, 9], 3),
    });
    await using set = await open(path, { split: "val" });
    expect([...(await set.get(0)).mask!]).toEqual([0, 1, 255]);
    expect(set.assumed).toEqual([]);
    expect(set.classes.map(({ name }) => name)).toEqual(["x", "y"]);
  });

  it("takes the classes of all splits from the training masks", async () => {
    const path = await folder({ ...two, "test/images/t.png": picture(2, 1), "test/masks/t.png": gray([0, 0], 2) });
    await using set = await open(path, { split: "test" });
    expect(set.classes).toHaveLength(2);
    expect([...(await set.get(0)).mask!]).toEqual([0, 0]);
  });

  it("keeps the type and the text of errors", async () => {
    const path = await folder({
      "classes.json": `{ "classes": ["x", "y"] }`,
      "train/images/a.png": picture(4, 2), "train/masks/a.png": gray([0, 1], 2),
      "train/images/b.png": picture(2, 1), "train/masks/b.png": gray([0, 7], 2),
      "train/images/c.png": picture(2, 1).subarray(0, 40), "train/masks/c.png": gray([0, 1], 2),
      "train/images/d.png": picture(2, 1), "train/masks/d.png": gray([0, 1], 2),
    });
    await using set = await open(path);
    const at = (kind: string, name: string) => join(path, "train", kind, name);
    await expect(set.get(0)).rejects.toThrow(new DataError(`a.png: the image is 4x2 but its mask is 2x1 (${at("images", "a.png")}, ${at("masks", "a.png")}).`));
    await expect(set.get(1)).rejects.toThrow(
      new DataError(`${at("masks", "b.png")}: the mask holds the value 7 (at x = 1, y = 0), which is none of the 2 classes and not marked as ignored.`),
    );
    await expect(set.get(2)).rejects.toBeInstanceOf(ImageError);
    await expect(set.get(2)).rejects.toThrow(at("images", "c.png"));
    await rm(at("images", "d.png"));
    await expect(set.get(3)).rejects.toBeInstanceOf(FileError);
    await expect(set.get(4)).rejects.toThrow("There is no sample 4: the data set has 4.");
  });

  it("feeds batches, and is refused after it was closed", async () => {
    const set = await open(await folder(two), { cacheBytes: 0 });
    const seen: string[] = [];
    for await (const batch of batches(set, { batchSize: 1, epoch: 0, shuffle: false })) seen.push(...batch.names);
    expect(seen).toEqual(["a.png", "b.png"]);
    await set.close();
    await expect(set.get(0)).rejects.toThrow("This data set was closed.");
  });
});

describe("openFolder refuses", () => {
  const fails = async (files: Record<string, Uint8Array | string>, message: (path: string) => string, options: FolderOptions = {}) => {
    const path = await folder(files);
    await expect(openFolder(path, options)).rejects.toThrow(new DataError(message(path)));
  };

  it("a folder that is not there", async () => {
    await expect(openFolder(join(root, "none"))).rejects.toThrow(new DataError(`${join(root, "none")}: there is no such folder.`));
  });
  it("a folder without images and masks", () =>
    fails({ "x.txt": "" }, (p) => `${p}: expected folders train, val and test, each with "images" and "masks" (or "labels"), or those two folders directly.`));
  it("a split that is not there", () => fails(two, (p) => `${p}: there is no folder "val/images" (found: train).`, { split: "val" }));
  it("an empty folder", () =>
    fails({ "train/images/readme.txt": "", "train/masks/a.png": gray([0], 1) }, (p) => `${p}/train/images holds no images (.png, .jpg or .jpeg) among its 1 entries.`));
  it("images without a folder of masks", () =>
    fails({ "train/images/a.png": picture(1, 1) }, (p) => `${p}/train: there is a folder "images" but no folder "masks" or "labels" beside it.`));
  it("an image without a mask", () =>
    fails({ ...two, "train/images/c.png": picture(1, 1), "train/images/d.png": picture(1, 1) }, (p) =>
      `${p}/train/images/c.png: this image has no mask: ${p}/train/masks holds no file c.png, and 1 more image has none either.`));
  it("two images of one name", () =>
    fails({ ...two, "train/images/a.jpg": "x" }, (p) => `${p}/train/images: a.jpg and a.png differ only in their extension, so it is open which one belongs to "a".`));
  it("mask values without a meaning", () =>
    fails({ "train/images/a.png": picture(2, 1), "train/masks/a.png": gray([0, 9], 2) }, (p) =>
      `Mask values are 0 and 9 (9 in ${p}/train/masks/a.png), which are not class indices 0, 1, 2, … without a gap, nor 0 and 255. ` +
      `Add a classes.json that says what each value means: { "classes": […], "values": { "value": index or null } }.`));
  it("unknown splits", () => expect(openFolder(root, { split: "all" as "train" })).rejects.toThrow(`openFolder: split must be one of train, val, test, not "all".`));
});

describe("unsplit data", () => {
  const files = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [[`images/${i}.png`, picture(2, 1)], [`masks/${i}.png`, gray([0, 1], 2)]] as const).flat(),
  );

  it("is divided by the seed, each image in one part", async () => {
    const path = await folder(files);
    const names = async (split: "train" | "val" | "test", seed = 0) => (await openFolder(path, { split, seed })).files.map(({ stem }) => stem);
    const [train, val, test] = [await names("train"), await names("val"), await names("test")];
    expect([train.length, val.length, test.length]).toEqual([14, 3, 3]);
    expect(new Set([...train, ...val, ...test]).size).toBe(20);
    expect(await names("test")).toEqual(test);
    expect(await names("test", 1)).not.toEqual(test);
    expect((await openFolder(path)).assumed[0]).toBe(
      `${path} has no folders train, val and test: divided its 20 images by name with seed 0 (14 train, 3 val, 3 test).`,
    );
  });

  it("must be enough to divide", async () => {
    const path = await folder({ "images/a.png": picture(2, 1), "masks/a.png": gray([0, 1], 2) });
    await expect(openFolder(path)).rejects.toThrow(`${path}: 1 image cannot be divided into train, val and test: at least 3 are needed.`);
  });
});
