import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gradCam } from "../../../src/explain/grad-cam.js";
import { decodeImage, encodePng } from "../../../src/io/decode.js";
import { weightsOf } from "../../../src/io/weights.js";
import { UNet } from "../../../src/models/unet.js";
import { testDevice } from "../../support/device.js";
import { atrous, folder } from "./support.js";

let home: Awaited<ReturnType<typeof folder>>;
let model: UNet;
const at = (...parts: string[]): string => join(home.path, ...parts);
const image = { width: 19, height: 11, channels: 3 as const, data: Uint8Array.from({ length: 19 * 11 * 3 }, (_, i) => (i * 37) % 251) };
const mask = { width: 19, height: 11, channels: 1 as const, data: Uint8Array.from({ length: 19 * 11 }, (_, i) => (i % 3 === 0 ? 1 : 0)) };

beforeAll(async () => {
  home = await folder();
  model = new UNet({ classes: 2, widths: [4, 8] }).to(await testDevice(), { seed: 5 });
  model.classInfo = [{ name: "ground", color: [0, 0, 0] }, { name: "cell wall", color: [255, 0, 0] }];
  await writeFile(at("weights.safetensors"), await weightsOf(model));
  await writeFile(at("cells.png"), encodePng(image));
  await writeFile(at("mask.png"), encodePng(mask));
});
afterAll(async () => {
  model.dispose();
  await home[Symbol.asyncDispose]();
});

test("atrous explain writes the overlay that gradCam gives", async () => {
  const given = ["explain", at("cells.png"), "--weights", at("weights.safetensors")];
  const [pixel, masked, eigen] = await Promise.all([
    atrous([...given, "--class", "cell wall", "--at", "7,4", "--layer", "down1,inc", "--out", at("sub", "why.png"), "--json"]),
    atrous([...given, "--class", "0", "--mask", at("mask.png"), "--method", "layer-cam", "--alpha", "1", "--out", at("masked.png")]),
    atrous([...given, "--method", "eigen-cam", "--out", at("eigen.png")]),
  ]);
  expect(pixel.err).toMatch(/^Adapter: .*\n/);
  const found = JSON.parse(pixel.out) as { score: number };
  const cam = await gradCam(model, image, { target: { class: 1, pixels: { x: 7, y: 4 } }, layer: ["down1", "inc"] });
  expect(found).toMatchObject({ width: 19, height: 11, class: "cell wall", method: "grad-cam", out: at("sub", "why.png"), layers: [{ path: "down1", width: 10, height: 6 }, { path: "inc", width: 20, height: 12 }] });
  expect(found.score).toBeCloseTo(cam.score!, 4);
  expect((await decodeImage(await readFile(at("sub", "why.png")))).data).toEqual(cam.overlay().data);

  expect(masked.out).toContain(`cells.png (19×11) → ${at("masked.png")}: ground, score `);
  expect(masked.out).toContain("layer-cam of down1 (10×6)\n");
  const other = await gradCam(model, image, { target: { class: "ground", pixels: mask }, method: "layer-cam" });
  expect((await decodeImage(await readFile(at("masked.png")))).data).toEqual(other.picture().data);
  expect(eigen.out).toContain(`→ ${at("eigen.png")}: eigen-cam of down1 (10×6)\n`);
}, 180_000);

test("atrous explain says what is missing or wrong", async () => {
  const given = ["explain", at("cells.png"), "--weights", at("weights.safetensors")];
  const ran = await Promise.all([
    atrous(given),
    atrous([...given, "--class", "wall"]),
    atrous([...given, "--class", "ground", "--at", "3", "--layer", "inc"]),
    atrous([...given, "--class", "ground", "--at", "3,3", "--predicted"]),
    atrous([...given, "--class", "ground", "--method", "eigen-cam"]),
    atrous([...given, "--class", "ground", "--out", at("cells.png")]),
    atrous(["explain", at("cells.png"), "--class", "ground"]),
  ]);
  expect(ran.map(({ err, code }) => `${code} ${err}`)).toEqual([
    "1 atrous explain: --class NAME is missing. See atrous explain --help.\n",
    '1 gradCam: the model has no class "wall". Classes: 0 ground, 1 cell wall.\n',
    "1 atrous explain: --at takes two numbers, column and row, but got 3.\n",
    "1 atrous explain: --at, --mask and --predicted exclude each other.\n",
    "1 atrous explain: eigen-cam explains no class. Leave --class, --at, --mask and --predicted out.\n",
    `1 atrous explain: the picture would take the place of ${at("cells.png")}. Choose another --out.\n`,
    "1 atrous explain: --weights FILE is missing. See atrous explain --help.\n",
  ]);
}, 180_000);
