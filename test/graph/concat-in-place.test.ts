import { describe, expect, test } from "vitest";
import { optimise } from "../../src/graph/optimise.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { concat } from "../../src/ops/concat.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { add, mul, relu } from "../../src/ops/pointwise.js";
import { sum } from "../../src/ops/sum.js";
import { runWith } from "../support/capture-graph.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";

type Floats = Tensor<"f32">;

/** The same function with its parts placed in the concatenation, and with parts that are results of their own, which are copied. */
async function compare(shapes: readonly (readonly number[])[], parts: (...xs: Floats[]) => Tensor[], axis: number): Promise<{ placed: string; copied: string; text: string; copies: number }> {
  const device = await testDevice();
  const rng = random(JSON.stringify(shapes));
  const inputs = shapes.map((shape) => tensor(device, Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.normal()), [...shape]) as Floats);
  const placed = await runWith(device, inputs, (...xs) => [concat(parts(...xs) as Floats[], { axis })], optimise);
  const copied = await runWith(device, inputs, (...xs) => {
    const made = parts(...xs);
    return [concat(made as Floats[], { axis }), ...made];
  }, optimise);
  const result = { placed: String(placed.results[0]), copied: String(copied.results[0]), text: placed.plan.describe(), copies: placed.plan.lowered.calls.filter(({ shader }) => shader.name === "concat").length };
  placed.plan.dispose();
  copied.plan.dispose();
  for (const t of inputs) t.dispose();
  return result;
}

describe("concatenation in place", () => {
  test("of channels: convolutions and pointwise chains write their slice, and nothing is copied", async () => {
    const { placed, copied, text, copies } = await compare([[1, 5, 4, 8], [8, 3, 3, 8], [4, 1, 1, 8]], (x, w, v) => [conv2d(x, w, { padding: 1 }), mul(x, 2), relu(conv2d(x, v))], 3);
    expect(placed).toBe(copied);
    expect(copies).toBe(0);
    expect(text.match(/⊂/g)?.length).toBe(3);
  });

  test("of odd channels too", async () => {
    const { placed, copied, copies } = await compare([[2, 3, 3, 3], [5, 1, 1, 3]], (x, w) => [mul(x, x), conv2d(x, w), add(x, 1)], 3);
    expect(placed).toBe(copied);
    expect(copies).toBe(0);
  });

  test("along the first axis, where a part is a piece of memory", async () => {
    const { placed, copied, copies } = await compare([[2, 64], [3, 64]], (x, y) => [sum(mul(x, 1), { axes: [0], keepDims: true } as never), add(y, 1), relu(x)], 0);
    expect(placed).toBe(copied);
    expect(copies).toBe(0);
  });

  test("copies what begins between two binding alignments, what is an argument, and what has another reader", async () => {
    const odd = await compare([[3, 5], [2, 5]], (x, y) => [mul(x, 2), add(y, y)], 0);
    expect(odd.placed).toBe(odd.copied);
    expect(odd.copies).toBe(1);
    const device = await testDevice();
    using x = tensor(device, Float32Array.from({ length: 24 }, (_, i) => i), [1, 2, 3, 4]) as Floats;
    const { results, plan } = await runWith(device, [x], (t) => {
      const read = mul(t, 2);
      return [concat([read as Floats, t, concat([relu(t) as Floats, t])]), sum(read)];
    }, optimise);
    const rows = Array.from({ length: 6 }, (_, r) => Array.from({ length: 4 }, (_, c) => 4 * r + c));
    expect([...results[0]!]).toEqual(rows.flatMap((row) => [...row.map((v) => 2 * v), ...row, ...row, ...row]));
    expect(results[1]![0]).toBe(2 * 276);
    plan.dispose();
  });

  test("whatever the mixture: random joins give what copies give", async () => {
    const rng = random("joins");
    for (let round = 0; round < 6; round++) {
      const axis = rng.integer(4);
      const base = [1 + rng.integer(2), 1 + rng.integer(4), 1 + rng.integer(4), 4 * (1 + rng.integer(3))];
      const shapes = Array.from({ length: 3 }, () => base.with(axis, axis === 3 ? 1 + rng.integer(9) : 1 + rng.integer(3)));
      const kinds = shapes.map(() => rng.integer(3));
      const { placed, copied } = await compare(shapes, (...xs) => xs.map((x, i) => (kinds[i] === 0 ? mul(x, i + 1) : kinds[i] === 1 ? x : relu(add(x, x)))), axis);
      expect(placed, `axis ${axis}, ${JSON.stringify(shapes)}, ${kinds.join()}`).toBe(copied);
    }
  });
});
