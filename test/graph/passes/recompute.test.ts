import { describe, expect, test } from "vitest";
import type { Graph } from "../../../src/graph/node.js";
import { simplify } from "../../../src/graph/optimise.js";
import { recompute } from "../../../src/graph/passes/recompute.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { BatchNorm2d } from "../../../src/layers/batch-norm2d.js";
import { Conv2d } from "../../../src/layers/conv2d.js";
import { Dropout } from "../../../src/layers/dropout.js";
import { Module } from "../../../src/layers/module.js";
import { silu } from "../../../src/ops/activations.js";
import { concat } from "../../../src/ops/concat.js";
import { maxPool2d } from "../../../src/ops/max-pool2d.js";
import { mean } from "../../../src/ops/mean.js";
import { add, relu, relu6, square } from "../../../src/ops/pointwise.js";
import { resize } from "../../../src/ops/resize.js";
import { valueAndGrad } from "../../../src/ops/value-and-grad.js";
import { captureGraph, opNames, runWith } from "../../support/capture-graph.js";
import { testDevice } from "../../support/device.js";
import { random } from "../../support/random.js";

/** A little of everything that is computed again: batch norm with and without ReLU, residual, dropout, other activations, resize, concat. */
class Net extends Module {
  readonly convs = [8, 8, 8, 16, 8].map((channels, i) => new Conv2d(i === 0 ? 3 : channels, 8, { kernelSize: 3, padding: 1, bias: false }));
  readonly norms = this.convs.map(() => new BatchNorm2d(8));
  readonly dropout = new Dropout(0.3);

  block(i: number, x: Tensor): Tensor<"f32"> {
    return this.norms[i]!.forward(this.convs[i]!.forward(x));
  }

  forward(x: Tensor): Tensor<"f32"> {
    const skip = relu(this.block(0, x));
    const down = add(silu(this.block(2, relu6(this.block(1, maxPool2d(skip, { kernelSize: 2 }))))), maxPool2d(skip, { kernelSize: 2 }));
    const joined = concat([skip, resize(this.dropout.forward(down), { size: [x.shape[1]!, x.shape[2]!] })]) as Tensor<"f32">;
    return mean(square(this.block(4, relu(this.block(3, joined)))), { axes: [0, 1, 2, 3] }) as Tensor<"f32">;
  }
}

const bits = (data: readonly ArrayBufferView[]): string[] => data.map(({ buffer, byteOffset, byteLength }) => new Uint32Array(buffer, byteOffset, byteLength / 4).join());

describe("recompute", () => {
  test("keeps less for the backward pass, and changes no bit of loss, gradients and running statistics", async () => {
    const device = await testDevice();
    using image = tensor(device, Float32Array.from({ length: 2 * 24 * 20 * 3 }, random("recompute").normal), [2, 24, 20, 3]);
    const run = async (...passes: ((graph: Graph) => Graph)[]) => {
      using model = new Net().to(device, { seed: 1 });
      device.random.step = 0;
      const { results, plan } = await runWith(device, [image], (x) => {
        const { value, grads } = valueAndGrad(model, () => model.forward(x));
        return [value, ...grads.values()] as Tensor<"f32">[];
      }, ...passes);
      const statistics = await Promise.all(model.statistics().map((s) => s.data()));
      plan.dispose();
      return { bits: [...bits(results), ...bits(statistics)], bound: plan.memory.lowerBound, ops: opNames(plan.graph) };
    };
    const [kept, again] = [await run(simplify), await run(simplify, recompute)];
    expect(again.bits).toEqual(kept.bits);
    expect(kept.bits.length).toBe(1 + 15 + 15);
    expect(again.bound).toBeLessThan(0.97 * kept.bound);
    // Statistics are saved, not summed up again, and move on once.
    const count = (ops: readonly string[], name: string): number => ops.filter((op) => op === name).length;
    for (const name of ["batchNormTrain", "runningStatistics", "conv2d"]) expect(count(again.ops, name)).toBe(count(kept.ops, name));
    expect(count(again.ops, "batchNormInference")).toBeGreaterThan(0);
  });

  test("leaves graphs without gradients alone", async () => {
    const device = await testDevice();
    const graph = captureGraph(device, [[2, 8, 8, 4]], (x) => [relu(add(x, 1))]);
    expect(recompute(graph)).toBe(graph);
  });
});
