import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "../../../src/io/decode.js";
import { UNet } from "../../../src/models/unet.js";
import { CheckpointError, FileError, ImageError } from "../../../src/runtime/errors.js";
import { loadModel, readImage, saveModel } from "../../../src/node.js";
import { testDevice } from "../../support/device.js";

let folder: string;
let model: UNet;
const size = { width: 13, height: 9 };
const rgb = Uint8Array.from({ length: 13 * 9 * 3 }, (_, i) => (i * 53) % 256);
const gray = rgb.filter((_, i) => i % 3 === 0);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "atrous-predict-"));
  model = new UNet({ classes: 2, widths: [4, 6] }).to(await testDevice(), { seed: 1 });
  await writeFile(join(folder, "a.png"), encodePng({ ...size, channels: 3, data: rgb }));
  await writeFile(join(folder, "gray16.png"), encodePng({ ...size, channels: 2, data: Uint16Array.from({ length: 234 }, (_, i) => (i % 2 ? 65535 : gray[i / 2]! * 257)) }));
  await writeFile(join(folder, "broken.png"), encodePng({ ...size, channels: 3, data: rgb }).subarray(0, 60));
});
afterAll(async () => {
  model.dispose();
  await rm(folder, { recursive: true });
});

describe("predict on files", () => {
  test("takes a path, a URL, a data address and a Blob", async () => {
    const expected = (await model.predict({ ...size, data: rgb }, { probabilities: true })).probabilities;
    const path = join(folder, "a.png");
    const bytes = encodePng({ ...size, channels: 3, data: rgb });
    const sources = [path, pathToFileURL(path), pathToFileURL(path).href, `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`, new Blob([bytes as Uint8Array<ArrayBuffer>])];
    for (const source of sources) expect((await model.predict(source, { probabilities: true })).probabilities).toEqual(expected);
  });

  test("takes 16-bit gray with alpha", async () => {
    const expected = (await model.predict({ ...size, data: gray }, { probabilities: true })).probabilities;
    expect((await model.predict(join(folder, "gray16.png"), { probabilities: true })).probabilities).toEqual(expected);
  });

  test("names what cannot be read", async () => {
    const missing = join(folder, "missing.png");
    await expect(model.predict(missing)).rejects.toThrow(new FileError(`${missing} could not be read: there is no such file or folder.`));
    await expect(model.predict(join(folder, "broken.png"))).rejects.toThrow(ImageError);
    await expect(model.predict(new Blob(["words"]))).rejects.toThrow("the image is not an image that can be read. PNG and JPEG files can be read.");
    await expect(readImage("http://127.0.0.1:9/x.png")).rejects.toThrow("http://127.0.0.1:9/x.png could not be loaded: fetch failed.");
  });
});

describe("weights files", () => {
  test("hold the whole model", async () => {
    const path = join(folder, "weights.safetensors");
    model.classInfo = [{ name: "rest", color: [0, 0, 0] }, { name: "cell", color: [9, 8, 7] }];
    await saveModel(model, path);
    using loaded = await loadModel(path, await testDevice());
    expect(loaded.classInfo).toEqual(model.classInfo);
    expect(await loaded.predict({ ...size, data: rgb })).toEqual(await model.predict({ ...size, data: rgb }));
    await expect(loadModel(join(folder, "a.png"), await testDevice())).rejects.toThrow(CheckpointError);
    await expect(loadModel(join(folder, "none"), await testDevice())).rejects.toThrow("could not be read: there is no such file or folder.");
  });
});
