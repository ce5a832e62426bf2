import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { readSafetensors, toFloat32, writeSafetensors, type SafeTensor } from "../../src/io/safetensors.js";
import { loadWeights, weightsOf } from "../../src/io/weights.js";
import { UNet } from "../../src/models/unet.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import fixtures from "../fixtures/pytorch-unet.json" with { type: "json" };
import { array } from "../reference/ndarray.js";
import { forwardMismatch } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { fromBase64 } from "../support/fixture.js";

/** [n, c, h, w] to [n, h, w, c]. */
function channelsLast({ shape, data }: SafeTensor): Float32Array {
  const [n, c, h, w] = shape as [number, number, number, number];
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = Number(data[((Math.floor(i / (c * w * h)) * c + (i % c)) * h + (Math.floor(i / (c * w)) % h)) * w + (Math.floor(i / c) % w)]);
  expect(out).toHaveLength(n * c * h * w);
  return out;
}

describe.each(["transposed", "bilinear"] as const)("a U-Net trained by PyTorch, %s", (kind) => {
  const { tensors } = readSafetensors(fromBase64(fixtures[kind]));
  const part = (prefix: string): Map<string, SafeTensor> => new Map([...tensors].flatMap(([k, t]) => (k.startsWith(prefix) ? [[k.slice(prefix.length), t]] : [])));
  const expected = (t: SafeTensor) => array(t.shape, toFloat32(t));

  test("gives PyTorch's logits, gradients and running statistics", async () => {
    const device = await testDevice();
    using model = new UNet({ inChannels: 2, classes: 3, widths: [2, 4, 8], bilinear: kind === "bilinear" }).to(device);
    loadWeights(model, writeSafetensors(part("before.")));
    using x = tensor(device, channelsLast(tensors.get("x")!), [2, 11, 14, 2]);
    using labels = tensor(device, tensors.get("labels")!.data as Uint8Array, [2, 11, 14]);

    model.eval();
    using logits = compile((x: Tensor) => model.forward(x))(x);
    expect(forwardMismatch(await logits.data(), array(logits.shape, channelsLast(tensors.get("logits")!)), { forward: 1e-5 }, false)).toBeUndefined();

    model.train();
    const step = compile((x: Tensor, labels: Tensor) => {
      const { value, grads, aux } = valueAndGrad(model, () => {
        const logits = model.forward(x);
        return [crossEntropy(logits, labels, { ignoreIndex: 255 }), logits];
      });
      return { value, logits: aux, grads: model.parameters().map((p) => grads.get(p)!) };
    });
    const { value, logits: training, grads } = step(x, labels);
    expect(forwardMismatch(await training.data(), array(training.shape, channelsLast(tensors.get("training_logits")!)), { forward: 1e-5 }, false)).toBeUndefined();
    expect(await value.item()).toBeCloseTo(Number(tensors.get("loss")!.data[0]), 5);
    const state = readSafetensors(await weightsOf(model)).tensors;
    for (const [key, t] of part("after.")) expect(forwardMismatch(toFloat32(state.get(key)!), expected(t), { forward: 1e-5 }, key.endsWith("tracked")), key).toBeUndefined();

    // Gradients come in memory order; the file has kernels with their channels in front.
    const [paths, params] = [[...model.namedVariables()], model.parameters()];
    const largest = Math.max(...[...part("grad.").values()].flatMap((t) => [...toFloat32(t)].map(Math.abs)));
    for (const [i, grad] of grads.entries()) {
      const path = paths.find(([, v]) => v === params[i])![0];
      const t = part("grad.").get(path)!;
      const reference = grad.shape.length === 4 ? channelsLast(t) : toFloat32(t);
      const worst = Math.max(...(await grad.data()).map((g, k) => Math.abs((g as number) - reference[k]!)));
      expect(worst, path).toBeLessThan(1e-5 * largest);
    }
    [value, training, ...grads].forEach((t) => t.dispose());
    step.dispose();
  });
});
