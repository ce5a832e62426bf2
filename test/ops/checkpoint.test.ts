import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import { Conv2d } from "../../src/layers/conv2d.js";
import { Dropout } from "../../src/layers/dropout.js";
import { Layer } from "../../src/layers/layer.js";
import { silu } from "../../src/ops/activations.js";
import { checkpoint } from "../../src/ops/checkpoint.js";
import { maxPool2d } from "../../src/ops/max-pool2d.js";
import { mean } from "../../src/ops/mean.js";
import { add, relu, square } from "../../src/ops/pointwise.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import { CaptureError, GradientError, OptionError } from "../../src/runtime/errors.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";

class Stage extends Layer {
  readonly convs = [0, 1].map(() => new Conv2d(8, 8, { kernelSize: 3, padding: 1 }));
  readonly norm = new BatchNorm2d(8);
  readonly dropout = new Dropout(0.3);

  constructor(readonly inside: boolean) {
    super();
  }

  forward(x: Tensor): Tensor<"f32"> {
    const half = (h: Tensor<"f32">): Tensor<"f32"> => silu(this.convs[1]!.forward(h));
    const h = this.dropout.forward(relu(this.norm.forward(this.convs[0]!.forward(x))));
    return add(this.inside ? checkpoint(half, h) : half(h), x as Tensor<"f32">);
  }
}

/** How the stages of a network run. */
type Run = (stage: Stage, x: Tensor<"f32">) => Tensor<"f32">;

/** Two steps of a network of five stages: bits of losses, gradients and running statistics, and the plan's memory. */
async function train(run: Run, inside = false): Promise<{ bits: string[]; bound: number }> {
  const device = await testDevice();
  class Net extends Layer {
    readonly first = new Conv2d(3, 8, { kernelSize: 3, padding: 1 });
    readonly stages = [0, 1, 2, 3, 4].map(() => new Stage(inside));
    forward(x: Tensor): Tensor<"f32"> {
      return this.stages.reduce((h, stage, i) => run(stage, i === 3 ? maxPool2d(h, { kernelSize: 2 }) : h), this.first.forward(x));
    }
  }
  using model = new Net().to(device, { seed: 2 });
  using image = tensor(device, Float32Array.from({ length: 2 * 24 * 20 * 3 }, random("checkpoint").normal), [2, 24, 20, 3]);
  device.random.step = 0;
  const step = compile((x: Tensor) => {
    const { value, grads } = valueAndGrad(model, () => mean(square(model.forward(x)), { axes: [0, 1, 2, 3] }));
    return [value, ...grads.values()];
  });
  const outputs = [...step(image), ...step(image)];
  const data = await Promise.all([...outputs, ...model.statistics()].map((t) => t.data()));
  for (const output of outputs) output.dispose();
  const bound = step.plan(image).memory.lowerBound;
  step.dispose();
  return { bits: data.map(({ buffer, byteOffset, byteLength }) => new Uint32Array(buffer, byteOffset, byteLength / 4).join()), bound };
}

describe("checkpoint", () => {
  test("by stage, or stage within stage: the same bits, running statistics and dropout included, in less memory", async () => {
    const plain = await train((stage, x) => stage.forward(x));
    const blocks = await train((stage, x) => checkpoint(stage, x));
    const nested = await train((stage, x) => checkpoint((h: Tensor<"f32">) => stage.forward(h), x), true);
    expect(blocks.bits).toEqual(plain.bits);
    expect(nested.bits).toEqual(plain.bits);
    expect(plain.bits.some((each) => each.length > 0)).toBe(true);
    expect(blocks.bound).toBeLessThan(0.85 * plain.bound);
    expect(nested.bound).toBeLessThanOrEqual(blocks.bound);
  });

  test("simply runs where nothing is captured", async () => {
    const device = await testDevice();
    using x = tensor(device, new Float32Array([-1, 2]), [2]);
    using y = checkpoint((t: Tensor<"f32">) => relu(t), x);
    expect([...(await y.data())]).toEqual([0, 2]);
  });

  test("refuses what cannot be done", async () => {
    const device = await testDevice();
    using model = new Conv2d(1, 1, { kernelSize: 1 }).to(device);
    using x = tensor(device, new Float32Array(4), [1, 2, 2, 1]);
    expect(() => checkpoint({} as never)).toThrow(new OptionError("checkpoint: the block must be a function, or a module with a forward()."));
    const called = (body: (t: Tensor<"f32">) => unknown) => () => compile((t: Tensor<"f32">) => body(t) as Tensor)(x);
    expect(called((t) => checkpoint(async () => Promise.resolve(relu(t))))).toThrow(new CaptureError("checkpoint: the block must not be async: what it records has to be known when it returns. Read values outside."));
    expect(called((t) => checkpoint(() => valueAndGrad(model, () => mean(model.forward(t), { axes: [0, 1, 2, 3] })).value)))
      .toThrow(new GradientError("backward: gradients cannot be taken inside a checkpointed block. Take them outside, of what checkpoint() returns."));
  });
});
