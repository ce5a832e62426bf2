import { describe, expect, test } from "vitest";
import { SyntheticMicroscopy } from "../../src/data/synthetic.js";
import { tensor } from "../../src/graph/tensor.js";
import type { ImageSource } from "../../src/models/predict-input.js";
import { UNet } from "../../src/models/unet.js";
import { testDevice } from "../support/device.js";
import { platform } from "../support/tier.js";

const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.25] };

async function smallUNet(classes: number, inChannels = 3): Promise<UNet> {
  const device = await testDevice();
  const model = new UNet({ inChannels, classes, widths: [4, 6, 8] }).to(device, { seed: 3 });
  if (inChannels === 3) model.normalisation = normalisation;
  return model;
}

const sample = new SyntheticMicroscopy({ length: 1, size: [21, 30], radius: [3, 5], stain: "histology" }).get(0);
const image = { data: sample.image, width: 30, height: 21 };

/** The class with the largest probability; ties go to the first. */
const largest = (values: Float32Array, classes: number): number[] =>
  Array.from({ length: values.length / classes }, (_, i) => {
    const row = values.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row));
  });

describe("predict", () => {
  test("gives a class map and probabilities of the image's own size", async () => {
    using model = await smallUNet(3);
    const { classes, probabilities, width, height, classInfo } = await model.predict(image, { probabilities: true });
    expect([width, height, classes.length, probabilities?.length]).toEqual([30, 21, 630, 1890]);
    expect(classInfo).toHaveLength(3);
    expect(Array.from(classes)).toEqual(largest(probabilities!, 3));
    for (let i = 0; i < 630; i += 7) expect(probabilities![3 * i]! + probabilities![3 * i + 1]! + probabilities![3 * i + 2]!).toBeCloseTo(1, 5);
    expect((await model.predict(image)).probabilities).toBeUndefined();
  });

  test("is the network in evaluation mode on the mirrored, normalised image", async () => {
    using model = await smallUNet(3);
    const { probabilities } = await model.predict(image, { probabilities: true });
    // Mirrored and normalised by hand: 24 × 32.
    const input = new Float32Array(24 * 32 * 3);
    for (let y = 0; y < 24; y++)
      for (let x = 0; x < 32; x++)
        for (let c = 0; c < 3; c++) {
          const [v, u] = [y < 21 ? y : 41 - y, x < 30 ? x : 59 - x];
          input[(y * 32 + x) * 3 + c] = (sample.image[(v * 30 + u) * 3 + c]! / 255 - normalisation.mean[c]!) / normalisation.std[c]!;
        }
    using x = tensor(await testDevice(), input, [1, 24, 32, 3]);
    model.eval();
    using out = model.forward(x);
    const logits = await out.data();
    for (let i = 0; i < 630; i += 11) {
      const row = logits.subarray((Math.floor(i / 30) * 32 + (i % 30)) * 3).slice(0, 3).map(Math.exp);
      const sum = row.reduce((a, b) => a + b);
      for (let c = 0; c < 3; c++) expect(probabilities![i * 3 + c]).toBeCloseTo(row[c]! / sum, 4);
    }
  });

  test("leaves the modes and statistics of a model in training as they were", async () => {
    using model = await smallUNet(2);
    model.train();
    model.inc.eval();
    const before = [...model.modules()].map(([, m]) => m.training);
    const statistics = await Promise.all(model.statistics().map((s) => s.data()));
    const inTraining = await model.predict(image, { probabilities: true });
    expect([...model.modules()].map(([, m]) => m.training)).toEqual(before);
    expect(await Promise.all(model.statistics().map((s) => s.data()))).toEqual(statistics);
    model.eval();
    expect((await model.predict(image, { probabilities: true })).probabilities).toEqual(inTraining.probabilities);
  });

  test("takes pixels in every form, with the same result", async () => {
    using model = await smallUNet(2);
    const expected = await model.predict(image, { probabilities: true });
    const device = await testDevice();
    const { data } = image;
    const rgba = new Uint8ClampedArray(630 * 4).fill(255);
    const planar = new Uint8Array(630 * 3);
    for (let i = 0; i < 630; i++) for (let c = 0; c < 3; c++) rgba[i * 4 + c] = planar[c * 630 + i] = data[i * 3 + c]!;
    using small = tensor(device, Uint8Array.from(data), [21, 30, 3]);
    const forms: Record<string, ImageSource> = {
      "8 bits": { ...image, channels: 3 },
      "16 bits": { ...image, data: Uint16Array.from(data, (v) => v * 257) },
      RGBA: { data: rgba, width: 30, height: 21 },
      ndarray: { data: Uint8Array.from(data), shape: [21, 30, 3] },
      "planar ndarray": { data: planar, shape: [21, 30, 3], stride: [30, 1, 630], offset: 0 },
      tensor: small,
    };
    if (platform() === "browser") {
      forms["ImageData"] = new ImageData(rgba, 30, 21);
      forms["ImageBitmap"] = await createImageBitmap(new ImageData(rgba, 30, 21));
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [30, 21];
      canvas.getContext("2d")!.putImageData(new ImageData(rgba, 30, 21), 0, 0);
      forms["canvas"] = canvas;
      forms["video frame"] = new VideoFrame(canvas, { timestamp: 0 });
    }
    for (const [name, form] of Object.entries(forms)) {
      const { probabilities } = await model.predict(form, { probabilities: true });
      // Video frames go through the browser's colour conversion.
      if (name !== "video frame") expect(probabilities, name).toEqual(expected.probabilities);
      else expect(probabilities).toHaveLength(1260);
    }
    const floats = await model.predict({ ...image, data: Float32Array.from(data, (v) => v / 255) }, { probabilities: true });
    expect(floats.probabilities!.every((p, i) => Math.abs(p - expected.probabilities![i]!) < 1e-5)).toBe(true);
  });

  test("uses a tensor of a fitting size where it is", async () => {
    using model = await smallUNet(2);
    const { image: pixels } = new SyntheticMicroscopy({ length: 1, size: [16, 24], radius: [3, 5] }).get(0);
    const expected = await model.predict({ data: pixels, width: 24, height: 16 }, { probabilities: true });
    const device = await testDevice();
    using flat = tensor(device, Uint8Array.from(pixels), [16, 24, 3]);
    using batch = tensor(device, Float32Array.from(pixels, (v) => v / 255), [1, 16, 24, 3]);
    expect((await model.predict(flat, { probabilities: true })).probabilities).toEqual(expected.probabilities);
    const floats = await model.predict(batch, { probabilities: true });
    expect(floats.probabilities!.every((p, i) => Math.abs(p - expected.probabilities![i]!) < 1e-5)).toBe(true);
    expect(flat.disposed || batch.disposed).toBe(false);
  });

  test("repeats gray for colour models and makes luma for gray ones", async () => {
    const gray = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) % 256);
    const rgb = Uint8Array.from({ length: 192 }, (_, i) => gray[Math.floor(i / 3)]!);
    using colour = await smallUNet(2);
    using mono = await smallUNet(2, 1);
    const both = (source: ImageSource) => Promise.all([colour, mono].map(async (m) => (await m.predict(source, { probabilities: true })).probabilities));
    expect(await both({ data: gray, width: 8, height: 8 })).toEqual(await both({ data: rgb, width: 8, height: 8 }));
  });

  test("works for a single-logit head, at any threshold", async () => {
    using model = await smallUNet(1);
    const { classes, probabilities, classInfo } = await model.predict(image, { probabilities: true });
    expect(probabilities).toHaveLength(630);
    expect(classInfo).toHaveLength(2);
    expect(Array.from(classes)).toEqual(Array.from(probabilities!, (p) => (p > 0.5 ? 1 : 0)));
    const threshold = [...probabilities!].sort((a, b) => a - b)[200]!;
    const stricter = await model.predict(image, { threshold });
    expect(stricter.classes.reduce((a, b) => a + b)).toBe(probabilities!.filter((p) => p > threshold).length);
  });

  test("takes a threshold for two classes", async () => {
    using model = await smallUNet(2);
    const { probabilities } = await model.predict(image, { probabilities: true });
    const foreground = Array.from({ length: 630 }, (_, i) => probabilities![i * 2 + 1]!);
    const threshold = [...foreground].sort((a, b) => a - b)[315]!;
    const { classes } = await model.predict(image, { threshold });
    expect(Array.from(classes)).toEqual(foreground.map((p) => (p > threshold ? 1 : 0)));
  });

  test("20 predictions that nobody waits for are those of one after the other", async () => {
    using model = await smallUNet(3);
    const set = new SyntheticMicroscopy({ length: 5, size: [14, 19], radius: [3, 5] });
    const images = Array.from({ length: 20 }, (_, i) => {
      const { image: data } = set.get(i % 5);
      return i % 2 ? { data, width: 19, height: 14 } : { data, width: 14, height: 19 };
    });
    const device = await testDevice();
    const together = await Promise.all(images.map((each) => model.predict(each, { probabilities: true })));
    const { tensors } = device.memory();
    for (const [i, each] of images.entries()) {
      const { classes, probabilities } = await model.predict(each, { probabilities: true });
      expect(together[i]!.classes).toEqual(classes);
      expect(together[i]!.probabilities).toEqual(probabilities);
    }
    expect(device.memory().tensors).toBe(tensors);
  });

  test("paints the classes over the image", async () => {
    using model = await smallUNet(2);
    model.classInfo = [{ name: "background", color: [0, 0, 0] }, { name: "nucleus", color: [255, 0, 100] }];
    const prediction = await model.predict(image, { overlay: true });
    const { data, width, height, channels } = prediction.overlay({ alpha: 0.25 });
    expect([width, height, channels]).toEqual([30, 21, 3]);
    for (let i = 0; i < 630; i++) {
      const [r, g, b] = sample.image.subarray(i * 3, i * 3 + 3) as unknown as [number, number, number];
      const painted = [Math.round(r * 0.75 + 63.75), Math.round(g * 0.75), Math.round(b * 0.75 + 25)];
      expect(Array.from(data.subarray(i * 3, i * 3 + 3))).toEqual(prediction.classes[i] === 1 ? painted : [r, g, b]);
    }
    const plain = await model.predict(image);
    expect(() => plain.overlay()).toThrow("overlay: the image was not kept. Ask for it: predict(image, { overlay: true }).");
    if (platform() === "browser") expect(prediction.toImageData().data).toHaveLength(2520);
  });

  test("pads an image smaller than the padding", async () => {
    using model = await smallUNet(2);
    const { classes } = await model.predict({ data: Uint8Array.of(10, 200, 90), width: 1, height: 1 });
    expect(classes).toHaveLength(1);
  });

  test("a warm prediction makes no buffer, bind group or pipeline", async () => {
    using model = await smallUNet(2);
    const device = await testDevice();
    await model.predict(image);
    await model.predict(image);
    const made: string[] = [];
    const { gpu } = device;
    const names = ["createBuffer", "createBindGroup", "createComputePipeline", "createComputePipelineAsync", "createShaderModule"] as const;
    const own = gpu as unknown as Record<string, unknown>;
    for (const name of names) {
      const original = (gpu[name] as (...args: unknown[]) => unknown).bind(gpu);
      own[name] = (...args: unknown[]): unknown => {
        made.push(name);
        return original(...args);
      };
    }
    try {
      await model.predict(image);
    } finally {
      for (const name of names) delete own[name];
    }
    expect(made).toEqual([]);
  });

  test("stops when the signal says so", async () => {
    using model = await smallUNet(2);
    const early = AbortSignal.abort(new Error("no longer needed"));
    await expect(model.predict(image, { signal: early })).rejects.toThrow("no longer needed");
    const controller = new AbortController();
    const late = model.predict(image, { signal: controller.signal });
    controller.abort(new Error("too late"));
    await expect(late).rejects.toThrow("too late");
    expect((await model.predict(image, { signal: new AbortController().signal })).classes).toHaveLength(630);
  });

  const refused: [title: string, image: unknown, options: object, message: string][] = [
    ["what is no image", { size: 3 }, {}, "predict: this is not an image. Pass a path or address, a Blob, { data, width, height } with a Uint8Array, Uint16Array or Float32Array, an ndarray, a tensor, or (in a browser) an ImageBitmap, canvas or video frame."],
    ["data of another length", { data: new Uint8Array(11), width: 2, height: 2, channels: 3 }, {}, "predict: 2×2 pixels of 3 channels do not fit data of 11 values."],
    ["an empty image", { data: new Uint8Array(0), width: 0, height: 4 }, {}, "predict: an image needs a width and a height of at least 1 but has 0×4."],
    ["other channels", { data: new Uint8Array(20), width: 2, height: 2 }, {}, "predict: the model takes images of 3 channels but this one has 5."],
    ["an ndarray of other axes", { data: new Uint8Array(24), shape: [1, 2, 2, 6] }, {}, "predict: an array that is an image has the axes height, width and (where there are several) channels.\n  image  [1, 2, 2, 6]"],
    ["strides beyond the data", { data: new Uint8Array(12), shape: [2, 2, 3], stride: [6, 3, 2] }, {}, "predict: the strides reach beyond the data, which has 12 values.\n  image   [2, 2, 3]\n  stride  [6, 3, 2]"],
    ["an unknown option", image, { probability: true }, 'predict: unknown option "probability". Did you mean "probabilities"? Options: probabilities, overlay, threshold, signal.'],
    ["a threshold that is no probability", image, { threshold: 2 }, "predict: threshold must be between 0 and 1 but is 2."],
    ["a threshold for three classes", image, { threshold: 0.3 }, "predict: threshold is for heads of one or two classes, and this model has 3."],
  ];
  test.each(refused)("refuses %s", async (_title, source, options, message) => {
    using model = await smallUNet(3);
    await expect(model.predict(source as ImageSource, options)).rejects.toThrow(expect.objectContaining({ message }) as Error);
  });

  test("refuses tensors that are no image", async () => {
    using model = await smallUNet(3);
    using labels = tensor(await testDevice(), new Uint32Array(12), [2, 2, 3]);
    await expect(model.predict(labels)).rejects.toThrow("predict: an image must be a u8 or f32 tensor but is u32.");
    using pair = tensor(await testDevice(), new Uint8Array(24), [2, 2, 2, 3]);
    await expect(model.predict(pair)).rejects.toThrow("predict: a tensor that is an image has the axes [height, width, channels] or [1, height, width, channels].\n  image  [2, 2, 2, 3]");
  });
});
