import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { modelFromWeights, weightsOf } from "../../src/io/weights.js";
import { Dropout, Dropout2d } from "../../src/layers/dropout.js";
import type { SegmentationModel } from "../../src/models/segmentation-model.js";
import { summary } from "../../src/models/summary.js";
import { argmax } from "../../src/ops/argmax.js";
import { confusionMatrix } from "../../src/ops/confusion-matrix.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import { add, mul } from "../../src/ops/pointwise.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import { adam, cosine } from "../../src/optim/index.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";
import { platform, tier } from "../support/tier.js";

export interface ModelContract {
  /** The model of the publication, and its number of parameters. */
  full: () => SegmentationModel;
  parameters: number;
  /** Entries of its state dict, running statistics included. */
  entries: number;
  /** Some of the entries' names. */
  names: readonly string[];
  /** A narrow one with two classes and three input channels, for what runs. */
  narrow: () => SegmentationModel;
  /** Sizes with remainders of every kind, and the smallest one. */
  sizes: readonly (readonly [height: number, width: number])[];
  /** Published multiply-adds, in billions, of `full` for images of this height and width. */
  macs?: { readonly size: readonly [height: number, width: number]; readonly billions: number };
  /** Steps of Adam that are enough to learn four images by heart, and the rate from which a cosine goes down to 0. */
  steps: number;
  learningRate: number;
  /** Height and width of those images, at most 64. Default 32. */
  imageSize?: number;
  /** Bright halves instead of discs: what logits that are interpolated between every eighth pixel or fewer can draw to a pixel. Default false. */
  coarse?: boolean;
  /** Whether dropout is on while they are learned, which takes networks of few channels many more steps. Default true. */
  dropout?: boolean;
  /** Rows and columns by which logits are smaller than the image. Default 0. */
  lost?: number;
  /** Learn them in the quick tier as well, where that takes a second. Default false. */
  quick?: boolean;
  /** A relative in the same file stands for it in the quick tier: then nothing of it runs on the GPU. Default false. */
  sibling?: boolean;
}

/** Four square images of bright discs, or halves, on dark, noisy ground; the masks say where they are. */
export function fourImages(size = 32, coarse = false): { images: Uint8Array; masks: Uint8Array } {
  const [rng, edges] = [random("four images"), random("edges")];
  const pixels = size * size;
  const [images, masks] = [new Uint8Array(4 * pixels * 3), new Uint8Array(4 * pixels)];
  const unit = size / 32;
  for (let n = 0; n < 4; n++) {
    const discs = Array.from({ length: 3 }, () => ({ y: unit * rng.uniform(4, 28), x: unit * rng.uniform(4, 28), r: unit * rng.uniform(3, 7) }));
    const edge = size * edges.uniform(0.4, 0.6);
    for (let i = 0; i < pixels; i++) {
      const [row, column] = [Math.floor(i / size), i % size];
      const halved = [column < edge, column >= edge, row < edge, row >= edge][n]!;
      const inside = coarse ? halved : discs.some(({ y, x, r }) => Math.hypot(row - y, column - x) < r);
      masks[n * pixels + i] = inside ? 1 : 0;
      for (let c = 0; c < 3; c++) images[(n * pixels + i) * 3 + c] = (inside ? 160 : 80) + 12 * rng.normal();
    }
  }
  return { images, masks };
}

/** What holds for every segmentation model. */
export function testModel(name: string, contract: ModelContract): void {
  // Compiling a network's pipelines takes seconds on the adapters of the quick tier.
  const runs = tier() === "full" || (!contract.sibling && (platform() === "node" || contract.quick === true));
  describe(name, () => {
    test("has the parameters and names of the original", () => {
      const model = contract.full();
      expect(model.parameterCount()).toBe(contract.parameters);
      const names = [...model.namedVariables()].map(([path]) => path);
      expect(new Set(names).size).toBe(names.length);
      expect(names).toHaveLength(contract.entries);
      expect(names).toEqual(expect.arrayContaining([...contract.names]));
    });

    if (contract.macs)
      test("has the multiply-adds of the original", () => {
        const { size, billions } = contract.macs!;
        const digits = String(billions).split(".")[1]?.length ?? 0;
        const model = contract.full();
        expect((summary(model, [1, ...size, model.inChannels]).macs / 1e9).toFixed(digits)).toBe(billions.toFixed(digits));
      });

    const { lost = 0 } = contract;
    test("says what size its logits have, for every image size", () => {
      const model = contract.narrow();
      for (const [h, w] of contract.sizes) expect(model.outputShape([2, h, w, 3])).toEqual([2, h - lost, w - lost, 2]);
    });

    test.skipIf(!runs)("gives logits of that size", async () => {
      using model = contract.narrow().eval().to(await testDevice());
      const { device } = model;
      for (const [h, w] of contract.sizes.slice(0, tier() === "full" ? 2 : 1)) {
        using x = tensor(device, new Uint8Array(h * w * 3).fill(100), [1, h, w, 3]);
        using logits = compile((x: Tensor) => model.forward(x))(x);
        expect(logits.shape).toEqual([1, h - lost, w - lost, 2]);
        expect((await logits.data()).every(Number.isFinite)).toBe(true);
      }
    });

    test.skipIf(!runs)("comes back from its weights file as it was", async () => {
      const device = await testDevice();
      using model = contract.narrow().to(device, { seed: 3 });
      model.classInfo = [{ name: "ground", color: [1, 2, 3] }, { name: "disc", color: [255, 128, 0] }];
      model.normalisation = { mean: [0.1, 0.2, 0.3], std: [0.5, 0.6, 0.7] };
      const n = contract.imageSize ?? 32;
      using x = tensor(device, fourImages(n).images, [4, n, n, 3]);
      const forward = (model: SegmentationModel): Tensor => compile((x: Tensor) => model.forward(x))(x);
      forward(model).dispose(); // moves the running statistics
      const bytes = await weightsOf(model);
      using copy = modelFromWeights(bytes, device);
      expect(copy.constructor).toBe(model.constructor);
      expect({ options: copy.options, classes: copy.classInfo, normalisation: copy.normalisation }).toEqual({ options: model.options, classes: model.classInfo, normalisation: model.normalisation });
      expect(await weightsOf(copy)).toEqual(bytes);
      using before = forward(model.eval());
      using after = forward(copy);
      expect(await after.data()).toEqual(await before.data());
    });

    test.skipIf(!contract.quick && tier() === "quick")("learns four images by heart", async () => {
      const device = await testDevice();
      Object.assign(device.random, { seed: 0, step: 0 }); // dropout is the same whatever ran before
      using model = contract.narrow().to(device, { seed: 1 });
      using optimizer = adam(model.parameters().filter((p) => p.trainable), { learningRate: cosine(contract.learningRate, contract.steps) });
      const n = contract.imageSize ?? 32;
      const { images, masks } = fourImages(n, contract.coarse);
      using x = tensor(device, images, [4, n, n, 3]);
      using y = tensor(device, masks, [4, n, n]);
      if (contract.dropout === false) for (const [, module] of model.modules()) if (module instanceof Dropout || module instanceof Dropout2d) module.eval();
      const step = compile((x: Tensor, y: Tensor<"u8">) => {
        const { value, grads } = valueAndGrad(model, () => {
          const { logits, auxiliary } = model.outputs(x);
          const cost = (logits: Tensor<"f32">): Tensor => crossEntropy(logits, model.matchMask(y, logits));
          return auxiliary.reduce<Tensor>((sum, head) => add(sum, mul(cost(head.logits), head.weight)), cost(logits));
        });
        optimizer.update(grads);
        return value;
      });
      for (let i = 0; i < contract.steps; i++) step(x, y).dispose();
      model.eval();
      using counts = compile((x: Tensor, y: Tensor<"u8">) => {
        const { logits } = model.outputs(x);
        return confusionMatrix(argmax(logits), model.matchMask(y, logits), { classes: 2 });
      })(x, y);
      const [a, b, c, d] = await counts.data();
      const iou = [a! / (a! + b! + c!), d! / (d! + b! + c!)];
      expect(Math.min(...iou), `IoU of ground and shapes: ${iou.map((v) => v.toFixed(3)).join(", ")}`).toBeGreaterThan(0.95);
      step.dispose();
    });
  });
}
