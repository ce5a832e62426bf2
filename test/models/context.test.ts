import { describe, expect, test } from "vitest";
import { ASPP, BatchNorm2d, Cascade, Conv2d, DeepLabDecoder, MobileNetV2, ResNet, SegmentationModel, Xception, createEncoder, dilate, resize, type Encoder, type Tensor } from "../../src/index.js";
import { Capture } from "../../src/graph/capture.js";
import { draw, truncatedNormal } from "../../src/graph/init.js";
import { compile } from "../../src/graph/compile.js";
import { tensor } from "../../src/graph/tensor.js";
import { SeparableBlock } from "../../src/layers/separable-block.js";
import { testDevice } from "../support/device.js";

/** The composition of the documentation: an encoder by name, dilated, a pyramid, a decoder, scores. */
class Mine extends SegmentationModel {
  readonly architecture = "mine";
  readonly multipleOf = 1;
  readonly encoder = dilate(createEncoder("resnet18", { width: 1 / 16 }), { outputStride: 16 });
  readonly aspp = new ASPP(this.encoder.channels.at(-1)!, { rates: [1, 2], channels: 16 });
  readonly decoder = new DeepLabDecoder(16, this.encoder.channels[2]!, { projection: 4, channels: 16 });
  readonly scores = new Conv2d(16, this.classes, { kernelSize: 1 });
  forward(x: Tensor): Tensor<"f32"> {
    const maps = this.encoder.features(this.input(x));
    const refined = this.decoder.forward(this.aspp.forward(maps.at(-1)!), maps[2]!);
    return resize(this.scores.forward(refined), { size: [x.shape[1]!, x.shape[2]!], mode: "bilinear" }) as Tensor<"f32">;
  }
}

function shapesOf(encoder: Encoder, height: number, width: number, run: (maps: Tensor<"f32">[]) => Tensor[]): number[][] {
  const capture = new Capture({ shapesOnly: true });
  let shapes: number[][] = [];
  capture.run(() => void (shapes = run(encoder.eval().features(capture.input([1, height, width, 3], "f32"))).map(({ shape }) => [...shape])));
  return shapes;
}

describe("context as parts", () => {
  test("a network of one's own from encoder, pyramid and decoder", async () => {
    const device = await testDevice();
    using model = new Mine({ inChannels: 3, classes: 4 }).to(device).eval();
    expect(model.outputShape([2, 50, 37, 3])).toEqual([2, 50, 37, 4]);
    using x = tensor(device, new Uint8Array(33 * 40 * 3).fill(9), [1, 33, 40, 3]);
    using logits = compile((x: Tensor) => model.forward(x))(x);
    expect(logits.shape).toEqual([1, 33, 40, 4]);
    expect((await logits.data()).every(Number.isFinite)).toBe(true);
  });

  test.each([
    ["ResNet", () => new ResNet({ depth: 50, width: 4, blocks: [1, 1, 1, 1] })],
    ["MobileNetV2", () => new MobileNetV2({ width: 1 / 4, lastChannels: 32 })],
    ["Xception", () => new Xception({ width: 1 / 32, units: 1 })],
  ] as [string, () => Encoder][])("ASPP, cascade and decoder stand on %s", (_, make) => {
    const encoder = dilate(make(), { outputStride: 16, policy: "tensorflow" });
    const last = encoder.channels.at(-1)!;
    const aspp = new ASPP(last, { channels: 8, rates: [6, 12], branch: (from, to, dilation) => new SeparableBlock(from, to, { dilation }) });
    const cascade = new Cascade(last, { blocks: 2, multiGrid: [1, 2] });
    const decoder = new DeepLabDecoder(8, encoder.channels[2]!, { channels: 12, projection: 4 });
    for (const part of [aspp, cascade, decoder]) part.eval();
    const shapes = shapesOf(encoder, 65, 50, (maps) => {
      const context = aspp.forward(maps.at(-1)!);
      return [context, cascade.forward(maps.at(-1)!), decoder.forward(context, maps[2]!)];
    });
    expect(shapes).toEqual([[1, 5, 4, 8], [1, 5, 4, last], [1, 17, 13, 12]]);
  });

  test("the parts have the names of their originals", () => {
    const names = (module: { namedVariables(): Iterable<[string, unknown]> }): string[] => [...module.namedVariables()].map(([path]) => path).filter((path) => path.endsWith(".weight"));
    expect(names(new ASPP(8, { channels: 4, rates: [6] }))).toEqual(["convs.0.0.weight", "convs.0.1.weight", "convs.1.0.weight", "convs.1.1.weight", "convs.2.1.weight", "convs.2.2.weight", "project.0.weight", "project.1.weight"]);
    expect(names(new Cascade(8, { blocks: 2, multiGrid: [1] })).filter((path) => path.includes("conv"))).toEqual([
      "block5.0.conv1.weight", "block5.0.conv2.weight", "block5.0.conv3.weight", "block6.0.conv1.weight", "block6.0.conv2.weight", "block6.0.conv3.weight",
    ]);
    expect([...new ASPP(8, { norm: { momentum: 0.25 } }).modules()].flatMap(([, m]) => (m instanceof BatchNorm2d ? [m.momentum] : []))).toEqual(Array(6).fill(0.25));
  });

  test("parts say what is wrong with their options", () => {
    expect(() => new ASPP(8, { rates: [1.5] })).toThrow("ASPP: rates must be whole numbers of at least 1, as [6, 12, 18], but is [1.5].");
    expect(() => new ASPP(8, { pooling: "middle" as "last" })).toThrow('ASPP: pooling must be "first" or "last" but is "middle".');
    expect(() => new ASPP(8, { channels: 0 })).toThrow("ASPP: channels must be a whole number of at least 1 but is 0.");
    expect(() => new Cascade(6)).toThrow("Cascade: inChannels must be a multiple of 4 but is 6.");
    expect(() => new Cascade(8, { blocks: 0 })).toThrow("Cascade: blocks must be a whole number of at least 1 but is 0.");
    expect(() => new Cascade(8, { multiGrid: [] })).toThrow("Cascade: multiGrid must hold a whole number of at least 1 for each unit of a block, as [1, 2, 1], but is [].");
    expect(() => new DeepLabDecoder(8, 0)).toThrow("DeepLabDecoder: lowLevelChannels must be a whole number of at least 1 but is 0.");
    expect(() => new MobileNetV2({ padding: "same" as "centred" })).toThrow('MobileNetV2: padding must be "centred" or "same-tensorflow" but is "same".');
  });

  test("a truncated normal distribution ends at two deviations", () => {
    const values = draw(truncatedNormal(0.06), [40_000], 0, "weight");
    const std = Math.hypot(...values) / Math.sqrt(values.length);
    expect(values.every((v) => Math.abs(v) <= 0.12 + 1e-7)).toBe(true);
    expect(values.some((v) => Math.abs(v) > 0.11)).toBe(true);
    // The deviation of what is left: 1 − 4 φ(2) / (2 Φ(2) − 1) of the variance.
    expect(std / 0.06).toBeCloseTo(0.8796, 2);
  });
});
