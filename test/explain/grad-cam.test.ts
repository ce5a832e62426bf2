import { describe, expect, test } from "vitest";
import { camMethods, type CamMethod } from "../../src/explain/cam-methods.js";
import { gradCam, type GradCamOptions } from "../../src/explain/grad-cam.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { ReLU } from "../../src/layers/activation.js";
import { Conv2d } from "../../src/layers/conv2d.js";
import { Sequential } from "../../src/layers/sequential.js";
import { SegmentationModel } from "../../src/models/segmentation-model.js";
import { UNet } from "../../src/models/unet.js";
import { UNetOriginal } from "../../src/models/unet-original.js";
import { broadcastTo } from "../../src/ops/broadcast-to.js";
import { globalAvgPool2d } from "../../src/ops/global-avg-pool2d.js";
import { square } from "../../src/ops/pointwise.js";
import { heldMemory, testDevice } from "../support/device.js";
import { random } from "../support/random.js";

const [width, height, channels, classes] = [7, 5, 4, 3];

/** Feature maps, then logits that are linear in their means ("gap") or in their squares: gradients that can be written down. */
class Toy extends SegmentationModel {
  readonly architecture = "toy";
  readonly multipleOf = 1;
  readonly features = new Sequential(new Conv2d(1, channels, { kernelSize: 3, padding: 1 }), new ReLU());
  readonly classifier = new Conv2d(channels, classes, { kernelSize: 1, bias: false });
  readonly unused = new Conv2d(1, 1, { kernelSize: 1 });
  readonly kind: "gap" | "square";

  constructor(kind: "gap" | "square") {
    super({ inChannels: 1, classes });
    this.kind = kind;
  }

  forward(x: Tensor): Tensor<"f32"> {
    const a = this.features.forward(this.input(x));
    if (this.kind === "square") return this.classifier.forward(square(a));
    return broadcastTo(this.classifier.forward(globalAvgPool2d(a)), [1, a.shape[1]!, a.shape[2]!, classes]);
  }
}

const image = { width, height, channels: 1, data: Uint8Array.from({ length: width * height }, (_, i) => (i * 53 + 17 * (i % 5)) % 256) };

async function toy(kind: "gap" | "square"): Promise<{ model: Toy; a: Float32Array; w: (c: number, k: number) => number } & Disposable> {
  const device = await testDevice();
  const model = new Toy(kind).to(device, { seed: 2 });
  using x = tensor(device, image.data, [1, height, width, 1]);
  using normalised = model.normalise(x);
  using maps = model.features.forward(normalised);
  const weights = await model.classifier.weight.data();
  return { model, a: await maps.data(), w: (c, k) => weights[c * channels + k]!, [Symbol.dispose]: () => model.dispose() };
}

const positions = width * height;
const sumOf = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
const plane = (f: (i: number) => number): number[] => Array.from({ length: positions }, (_, i) => f(i));

/** The maps of the methods from the features and the gradients of the score, by their formulas. */
function byHand(method: Exclude<CamMethod, "eigen-cam">, a: (i: number, k: number) => number, g: (i: number, k: number) => number): number[] {
  const ks = Array.from({ length: channels }, (_, k) => k);
  const weight = ks.map((k) => {
    if (method === "grad-cam") return sumOf(plane((i) => g(i, k))) / positions;
    if (method === "xgrad-cam") return sumOf(plane((i) => g(i, k) * a(i, k))) / (sumOf(plane((i) => a(i, k))) || 1); // a dead channel counts 0
    const total = sumOf(plane((j) => a(j, k)));
    return sumOf(plane((i) => (g(i, k) > 0 ? (g(i, k) ** 2 / (2 * g(i, k) ** 2 + total * g(i, k) ** 3)) * g(i, k) : 0)));
  });
  return plane((i) => Math.max(0, sumOf(ks.map((k) => a(i, k) * (method === "hires-cam" ? g(i, k) : method === "layer-cam" ? Math.max(0, g(i, k)) : weight[k]!)))));
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  const scale = Math.max(...expected, 1e-6);
  expect(actual).toHaveLength(expected.length);
  for (const [i, e] of expected.entries()) expect(Math.abs(actual[i]! - e) / scale, `element ${i}: ${actual[i]} for ${e}`).toBeLessThan(1e-4);
}

const normal = (map: readonly number[]): number[] => map.map((v) => v / (Math.max(...map) || 1));
const byChannel = (a: Float32Array) => (i: number, k: number): number => a[i * channels + k]!;

describe("gradCam", () => {
  test("is the class activation map where logits are linear in the means of the maps: alpha = w", async () => {
    using it = await toy("gap");
    for (const c of [0, 1, 2]) {
      const cam = await gradCam(it.model, image, { target: { class: c, pixels: { x: 3, y: 2 } }, layer: "features" });
      const classActivation = plane((i) => Math.max(0, sumOf([0, 1, 2, 3].map((k) => it.w(c, k) * byChannel(it.a)(i, k)))));
      expectClose(cam.layers[0]!.data, classActivation.map((v) => v / positions));
      expectClose(cam.heat, normal(classActivation));
      expect(cam.layers[0]).toMatchObject({ path: "features", width, height });
    }
  });

  test.each(camMethods.filter((method) => method !== "eigen-cam"))("%s is what its formula says, for every kind of target", async (method) => {
    using it = await toy("square");
    const rng = random("masks");
    const mask = { width, height, data: Uint8Array.from({ length: positions }, () => rng.integer(2)) };
    const logit = (i: number, c: number): number => sumOf([0, 1, 2, 3].map((k) => it.w(c, k) * byChannel(it.a)(i, k) ** 2));
    const cases: [NonNullable<GradCamOptions["target"]>, (i: number, c: number) => number][] = [
      [{ class: 1 }, (_, c) => (c === 1 ? 1 : 0)],
      [{ class: "class 2", pixels: mask }, (i, c) => (c === 2 ? mask.data[i]! : 0)],
      [{ class: 0, pixels: { x: 6, y: 4 } }, (i, c) => (c === 0 && i === 34 ? 1 : 0)],
      [{ class: 1, pixels: "predicted" }, (i, c) => (c === 1 && logit(i, 1) > Math.max(logit(i, 0), logit(i, 2)) ? 1 : 0)],
      [[{ class: 0, weight: 2 }, { class: 2, weight: -0.5, pixels: mask }], (i, c) => (c === 0 ? 2 : c === 2 ? -0.5 * mask.data[i]! : 0)],
    ];
    for (const [target, seed] of cases) {
      if (!plane((i) => sumOf([0, 1, 2].map((c) => Math.abs(seed(i, c))))).some((v) => v > 0)) continue;
      const slope = (i: number, k: number): number => sumOf([0, 1, 2].map((c) => 2 * seed(i, c) * it.w(c, k) * byChannel(it.a)(i, k)));
      const cam = await gradCam(it.model, image, { target, layer: "features", method });
      expectClose(cam.layers[0]!.data, byHand(method, byChannel(it.a), slope));
      expect(cam.score).toBeCloseTo(sumOf(plane((i) => sumOf([0, 1, 2].map((c) => seed(i, c) * logit(i, c))))), 3);
    }
  });

  test("eigen-cam projects the maps on their first direction", async () => {
    using it = await toy("gap");
    const cam = await gradCam(it.model, image, { layer: "features", method: "eigen-cam" });
    let v = [1, 1, 1, 1];
    for (let step = 0; step < 500; step++) {
      const u = plane((i) => sumOf(v.map((x, k) => x * byChannel(it.a)(i, k))));
      const next = v.map((_, k) => sumOf(u.map((x, i) => x * byChannel(it.a)(i, k))));
      v = next.map((x) => x / Math.hypot(...next));
    }
    expectClose(cam.layers[0]!.data, plane((i) => Math.max(0, sumOf(v.map((x, k) => x * byChannel(it.a)(i, k))))));
    expect(cam.score).toBeUndefined();
  });

  test("averages several layers, each scaled", async () => {
    using it = await toy("square");
    const target = { class: 1 } as const;
    const one = await gradCam(it.model, image, { target, layer: "features" });
    const other = await gradCam(it.model, image, { target, layer: "features.0", method: "grad-cam" });
    const both = await gradCam(it.model, image, { target, layer: ["features", "features.0"] });
    expect(both.layers.map(({ path }) => path)).toEqual(["features", "features.0"]);
    expectClose(both.heat, normal(plane((i) => (one.heat[i]! + other.heat[i]!) / 2)));
  });

  test("shows a U-Net's widest layer at the size of the image, leaves the model and the memory as they were", async () => {
    const device = await testDevice();
    using model = new UNet({ classes: 2, widths: [4, 6, 8] }).to(device, { seed: 1 });
    const photo = { width: 21, height: 13, data: Uint8Array.from({ length: 21 * 13 * 3 }, (_, i) => (i * 31) % 256) };
    const before = heldMemory(device);
    const options = { target: { class: "background" } } as const;
    const cam = await gradCam(model, photo, options);
    expect(heldMemory(device)).toEqual(before);
    expect(cam.layers).toMatchObject([{ path: "down2", width: 6, height: 4 }]);
    expect([cam.width, cam.height, cam.heat.length, Math.max(...cam.heat)]).toEqual([21, 13, 273, 1]);
    expect(model.training).toBe(true);
    expect([...model.modules()].filter(([, module]) => Object.hasOwn(module, "forward"))).toEqual([]);
    // A tensor and floats are images too.
    using pixels = tensor(device, photo.data, [13, 21, 3]);
    expect((await gradCam(model, pixels, options)).heat).toEqual(cam.heat);
    const floats = await gradCam(model, { ...photo, data: Float32Array.from(photo.data, (v) => v / 255) }, options);
    for (const [i, v] of floats.heat.entries()) expect(v).toBeCloseTo(cam.heat[i]!, 3);

    const overlay = cam.overlay({ alpha: 0.25 });
    const colours = cam.picture();
    expect([overlay.width, overlay.height, overlay.channels]).toEqual([21, 13, 3]);
    for (const i of [0, 100, 818]) expect(overlay.data[i]).toBe(Math.round(photo.data[i]! * 0.75 + colours.data[i]! * 0.25));
    expect([...floats.overlay({ alpha: 0 }).data]).toEqual([...photo.data]);
  });

  test("a single logit speaks for the foreground, its negative for the background", async () => {
    const device = await testDevice();
    using model = new UNet({ classes: 1, widths: [4, 6] }).to(device, { seed: 1 });
    const photo = { width: 8, height: 6, data: Uint8Array.from({ length: 144 }, (_, i) => (i * 31) % 256) };
    const [fore, back] = await Promise.all([1, 0].map((label) => gradCam(model, photo, { target: { class: label } })));
    expect(fore!.score).toBeCloseTo(-back!.score!, 4);
    const found = await model.predict(photo, { probabilities: true });
    const label = found.classes[0]!;
    const own = await gradCam(model, photo, { target: { class: label, pixels: "predicted" } });
    const logits = Array.from(found.probabilities!, (p) => Math.log(p / (1 - p)));
    expect(own.score).toBeCloseTo(sumOf(logits.filter((z) => z > 0 === (label === 1)).map(Math.abs)), 2);
  });

  test("finds the pixels of a network whose logits are smaller than what it is given", async () => {
    const device = await testDevice();
    using model = new UNetOriginal({ inChannels: 3, widths: [3, 4, 5] }).to(device, { seed: 2 });
    const photo = { width: 9, height: 6, data: Uint8Array.from({ length: 162 }, (_, i) => (i * 41) % 256) };
    const { probabilities } = await model.predict(photo, { probabilities: true });
    for (const [x, y] of [[0, 0], [8, 5], [3, 4]] as const) {
      const [off, on] = await Promise.all([0, 1].map((label) => gradCam(model, photo, { target: { class: label, pixels: { x, y } } })));
      const at = (y * 9 + x) * 2;
      expect(on!.score! - off!.score!).toBeCloseTo(Math.log(probabilities![at + 1]! / probabilities![at]!), 4);
      expect(on!.heat).toHaveLength(54);
    }
  });

  test("says what is wrong", async () => {
    using it = await toy("gap");
    const device = await testDevice();
    using unet = new UNet({ classes: 2, widths: [4, 6, 8] }).to(device);
    const photo = { width: 8, height: 8, data: new Uint8Array(192) };
    const target = { class: 1 };
    const refused = async (model: SegmentationModel, options: object, message: string): Promise<void> =>
      expect(gradCam(model, model === unet ? photo : image, options as GradCamOptions)).rejects.toThrow(message);
    await refused(unet, { target, layer: "down9" }, 'gradCam: the model has no layer "down9". Did you mean "down1"? Layers: inc, down1, down2, up1, up2, outc.');
    await refused(unet, { target, layer: "down1.maxpool_conv.7" }, 'gradCam: the model has no layer "down1.maxpool_conv.7". Did you mean "down1.maxpool_conv.0"? Layers in "down1.maxpool_conv": down1.maxpool_conv.0, down1.maxpool_conv.1.');
    await refused(it.model, { target, layer: "unused" }, 'gradCam: layer "unused" does not run in the model\'s forward. Take the layer that holds it, or one beside it.');
    await refused(it.model, { target, layer: [] }, "gradCam: layer is an empty list. Name a layer, or leave it out.");
    await refused(it.model, {}, 'gradCam: target is missing. Say what is to be explained: { target: { class: "class 2" } }.');
    await refused(it.model, { target, method: "eigen-cam" }, 'gradCam: "eigen-cam" looks at the maps alone. Leave target out, or take another method.');
    await refused(it.model, { target, method: "gradcam" }, 'gradCam: method must be "grad-cam", "grad-cam++", "hires-cam", "layer-cam", "xgrad-cam", "eigen-cam", but is "gradcam".');
    await refused(it.model, { target: { class: "clas 1" } }, 'gradCam: the model has no class "clas 1". Did you mean "class 1"? Classes: 0 class 0, 1 class 1, 2 class 2.');
    await refused(it.model, { target: { class: 3 } }, "gradCam: the model has no class 3. Classes: 0 class 0, 1 class 1, 2 class 2.");
    await refused(it.model, { target: { class: 1, pixels: { x: 7, y: 0 } } }, "gradCam: pixel (7, 0) is not in the image, whose columns go from 0 to 6 and rows from 0 to 4.");
    await refused(it.model, { target: { class: 1, pixels: "some" } }, 'gradCam: a target\'s pixels must be "all", "predicted", { x, y } or a mask but are "some".');
    await refused(it.model, { target: { class: 1, weight: 0 } }, "gradCam: a target's weight must be a finite number other than 0 but is 0.");
    await refused(it.model, { target: { class: 1, pixel: "all" } }, 'gradCam, target: unknown option "pixel". Did you mean "pixels"? Options: class, pixels, weight.');
    await refused(it.model, { target: { class: 1, pixels: { width: 2, height: 2, data: new Uint8Array(4) } } }, "gradCam: the image has 7×5 pixels but the mask has 2×2.");
    await refused(it.model, { target: { class: 1, pixels: { width, height, data: new Uint8Array(35) } } }, 'gradCam: the target of class "class 1" has no pixels where the model has logits.');
    await expect(gradCam(it.model, {} as never, { target })).rejects.toThrow("gradCam: this is not an image.");
    // One class has the largest logits everywhere, since all pixels have the same.
    const absent = await Promise.allSettled([0, 1, 2].map((c) => gradCam(it.model, image, { target: { class: c, pixels: "predicted" }, layer: "features" })));
    const messages = absent.flatMap((each) => (each.status === "rejected" ? [(each.reason as Error).message] : []));
    expect(messages).toHaveLength(2);
    expect(messages[0]).toMatch(/^gradCam: the model finds no pixel of class "class \d" in this image\. Explain all pixels, or one of them: pixels: \{ x, y \}\.$/);
    await expect(gradCam(it.model, image, { target, layer: "features", signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
    const cam = await gradCam(it.model, image, { target, layer: "features" });
    expect(() => cam.overlay({ alpha: 2 })).toThrow("overlay: alpha must be between 0 and 1 but is 2.");
  });
});
