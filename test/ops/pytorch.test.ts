import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { binaryCrossEntropy } from "../../src/losses/binary-cross-entropy.js";
import { adaptiveAvgPool2d } from "../../src/ops/adaptive-avg-pool2d.js";
import { avgPool2d } from "../../src/ops/avg-pool2d.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { convTranspose2d } from "../../src/ops/conv-transpose2d.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import { gradients } from "../../src/ops/gradients.js";
import { localResponseNorm } from "../../src/ops/local-response-norm.js";
import { maxPool2dWithIndices } from "../../src/ops/max-pool2d.js";
import { maxUnpool2d } from "../../src/ops/max-unpool2d.js";
import { resize } from "../../src/ops/resize.js";
import { forwardMismatch } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { pytorchCases, type PyTorchCase } from "../support/fixture.js";

// Options come from a file, so each operator takes them unchecked and checks them itself.
type Inputs = Record<string, Tensor<"f32">>;
const ops: Record<string, (inputs: Inputs, options: never) => Tensor | { out: Tensor; indices: Tensor }> = {
  conv2d: ({ x, weight, bias }, o: object) => conv2d(x!, weight!, { ...o, bias }),
  convTranspose2d: ({ x, weight, bias }, o: object) => convTranspose2d(x!, weight!, { ...o, bias }),
  maxPool2dWithIndices: ({ x }, o) => maxPool2dWithIndices(x!, o),
  avgPool2d: ({ x }, o) => avgPool2d(x!, o),
  maxUnpool2d: ({ x, indices }, o) => maxUnpool2d(x!, indices!, o),
  adaptiveAvgPool2d: ({ x }, o) => adaptiveAvgPool2d(x!, o),
  resize: ({ x }, o) => resize(x!, o),
  crossEntropy: ({ logits, labels }, o) => crossEntropy(logits!, labels!, o),
  binaryCrossEntropy: ({ logits, labels }, o) => binaryCrossEntropy(logits!, labels!, o),
  localResponseNorm: ({ x }, o) => localResponseNorm(x!, o),
};

const whole = ["indices", "labels"];

async function run({ op, inputs, outputs, options, cotangent, grads }: PyTorchCase): Promise<void> {
  const device = await testDevice();
  const names = Object.keys(inputs);
  const given = names.map((k) => tensor(device, whole.includes(k) ? Uint32Array.from(inputs[k]!.data) : Float32Array.from(inputs[k]!.data), inputs[k]!.shape));
  const seed = tensor(device, Float32Array.from(cotangent.data), cotangent.shape);
  const plan = compile((seed: Tensor, ...tensors: Tensor[]) => {
    const args = Object.fromEntries(names.map((k, i) => [k, tensors[i]!])) as Inputs;
    const result = ops[op]!(args, options as never);
    const all: Record<string, Tensor> = "dtype" in result ? { out: result } : result;
    const wrt = Object.keys(grads);
    const found = gradients(all["out"]!, wrt.map((k) => args[k]!), seed);
    return { outputs: all, grads: Object.fromEntries(wrt.map((k, i) => [k, found[i]!])) };
  });
  const result = plan(seed, ...given);
  for (const [expected, actual] of [[outputs, result.outputs], [grads, result.grads]] as const)
    for (const [k, reference] of Object.entries(expected)) {
      const t = actual[k]!;
      expect(t.shape, k).toEqual(reference.shape);
      expect(forwardMismatch(await t.data(), reference, { forward: 2e-6 }, t.dtype === "u32"), k).toBeUndefined();
      t.dispose();
    }
  [seed, ...given].forEach((t) => t.dispose());
  plan.dispose();
}

describe("PyTorch's conventions", () => {
  test.each(pytorchCases.filter(({ op }) => op in ops).map((c) => [`${c.op}: ${c.name}`, c] as const))("%s", (_, c) => run(c));
});
