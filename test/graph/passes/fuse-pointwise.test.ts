import { describe, expect, test } from "vitest";
import { fusePointwise } from "../../../src/graph/passes/fuse-pointwise.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { add, clamp, div, exp, greater, maximum, mul, neg, relu, sigmoid, square, sub, tanh, where } from "../../../src/ops/pointwise.js";
import { sum } from "../../../src/ops/sum.js";
import { captureGraph, furthest, opNames, runWith } from "../../support/capture-graph.js";
import { testDevice } from "../../support/device.js";
import { random } from "../../support/random.js";
import { tier } from "../../support/tier.js";

type Floats = Tensor<"f32">;

describe("fusePointwise", () => {
  test("makes a chain one dispatch", async () => {
    const device = await testDevice();
    const graph = captureGraph(device, [[6], [6]], (x, y) => [relu(add(mul(x, 2), exp(neg(y))))]);
    expect(opNames(graph).length).toBe(5);
    const after = fusePointwise(graph);
    expect(after.nodes.length).toBe(1);
    expect(Object.keys(after.nodes[0]!.inputs)).toEqual(["x0", "x1"]);
  });

  test("lets producers stretch inputs, but not be stretched", async () => {
    const device = await testDevice();
    // [3] and [2, 1] are stretched inside; the small product must not be recomputed for every element.
    expect(opNames(fusePointwise(captureGraph(device, [[2, 3], [3], [2, 1]], (x, c, r) => [add(mul(x, c), r)])))).toEqual(["mul+add"]);
    expect(opNames(fusePointwise(captureGraph(device, [[2, 3], [3], [3]], (x, c, d) => [add(x, mul(c, d))])))).toEqual(["mul", "add"]);
  });

  test("leaves values alone that something else reads", async () => {
    const device = await testDevice();
    expect(opNames(fusePointwise(captureGraph(device, [[6]], (x) => {
      const shared = exp(x);
      return [relu(shared), neg(shared)];
    })))).toEqual(["exp", "relu", "neg"]);
    expect(opNames(fusePointwise(captureGraph(device, [[6]], (x) => {
      const kept = exp(x);
      return [relu(kept), kept];
    })))).toEqual(["exp", "relu"]);
    expect(opNames(fusePointwise(captureGraph(device, [[6]], (x) => {
      const read = exp(x);
      return [add(neg(read), sum(read))];
    })))).toEqual(["exp", "sum", "neg+add"]);
  });

  test("stops where a dispatch would need more than seven inputs or 32 steps", async () => {
    const device = await testDevice();
    const shapes = Array.from({ length: 10 }, () => [4]);
    const wide = fusePointwise(captureGraph(device, shapes, (...xs) => [xs.reduce((a, b) => add(a, b) as Floats)]));
    expect(wide.nodes.length).toBe(2);
    for (const { inputs } of wide.nodes) expect(Object.keys(inputs).length).toBeLessThanOrEqual(7);
    const long = fusePointwise(captureGraph(device, [[4]], (x) => [Array.from({ length: 70 }).reduce<Floats>((a) => neg(a) as Floats, x)]));
    expect(long.nodes.length).toBe(3);
  });

  test("gives the numbers of the separate operations, for random expressions", async () => {
    const device = await testDevice();
    const rng = random("fuse-pointwise");
    const shapes = [[3, 4, 4], [4], [3, 1, 1], [1], [3, 4, 4]];
    const inputs = shapes.map((shape) => tensor(device, Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.uniform(-2, 2)), shape) as Floats);
    for (let round = 0; round < (tier() === "full" ? 12 : 3); round++) {
      const seed = rng.integer(1 << 30);
      const body = (...xs: Floats[]): Tensor[] => {
        const draw = random(seed);
        const values: Tensor[] = [...xs];
        for (let i = 0; i < 14; i++) {
          const [a, b, c] = [0, 1, 2].map(() => values[draw.integer(values.length)]!) as [Tensor, Tensor, Tensor];
          values.push([
            () => add(a, b), () => sub(a, b), () => mul(tanh(a), b), () => relu(a), () => sigmoid(a), () => maximum(a, 0.25), () => clamp(a, -1, 1),
            () => where(greater(a, b), c, 0.5), () => div(a, add(square(b), 1)), () => exp(neg(square(a))),
          ][draw.integer(10)]!());
        }
        return values.slice(-3);
      };
      const plain = await runWith(device, inputs, body);
      const fused = await runWith(device, inputs, body, fusePointwise);
      expect(fused.plan.graph.nodes.length).toBeLessThan(plain.plan.graph.nodes.length);
      expect(furthest(fused.results, plain.results), `seed ${seed}`).toBeLessThan(1e-5);
      plain.plan.dispose();
      fused.plan.dispose();
    }
    for (const t of inputs) t.dispose();
  });
});
