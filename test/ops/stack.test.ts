import { describe, expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { stack, type StackOptions } from "../../src/ops/stack.js";
import { fromFunction, get, type NdArray } from "../reference/ndarray.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

type Inputs = { x0: NdArray; x1?: NdArray; x2?: NdArray };

const reference = (xs: Inputs, { axis = 0 }: StackOptions): NdArray => {
  const list: NdArray[] = Object.values(xs);
  const { shape } = list[0]!;
  const at = axis < 0 ? axis + shape.length + 1 : axis;
  return fromFunction(shape.toSpliced(at, 0, list.length), (index) => get(list[index[at]!]!, ...index.toSpliced(at, 1)));
};

testOp<Inputs, StackOptions>("stack", (xs, o) => stack(Object.values(xs), o), reference, [
  { x0: [3, 5], x1: [3, 5] },
  { x0: [3, 5], x1: [3, 5], x2: [3, 5], options: { axis: 1 } },
  { x0: [2, 3, 4], x1: [2, 3, 4], options: { axis: -1 } },
  { x0: [2, 3, 4], x1: [2, 3, 4], options: { axis: -2 } },
  { x0: [7], x1: [7], options: { axis: 1 } },
  { x0: [2, 5, 3, 4], x1: [2, 5, 3, 4], options: { axis: 3 } },
  { x0: [], x1: [], x2: [], name: "scalars" },
  { x0: [4, 2], name: "a single one" },
  { x0: [0, 2], x1: [0, 2], name: "nothing" },
  { x0: { shape: [3, 2], classes: 9 }, x1: { shape: [3, 2], classes: 9 }, options: { axis: 1 }, name: "labels" },
]);

testErrors("stack", [
  ["shapes that differ", { a: [2, 5], b: [2, 4] }, ({ a, b }) => stack([a!, b!]), "stack: x1 must have the shape of x0.\n  x0  [2, 5]\n  x1  [2, 4]"],
  ["an axis that does not exist", { a: [2, 5] }, ({ a }) => stack([a!], { axis: 3 }), "stack: the result has no axis 3: axes go from -3 to 2.\n  x0  [2, 5]"],
  ["nothing", {}, () => stack([]), "stack: there must be at least one tensor, in an array."],
  ["no array", { x: [2] }, ({ x }) => stack(x as never), "stack: there must be at least one tensor, in an array."],
  ["bytes", { x: { shape: [2], dtype: "u8" } }, ({ x }) => stack([x!]), 'stack: x0 must be f32, f16, i32 or u32 but is u8. Convert with cast(x0, "u32").'],
]);

describe("stack", () => {
  test("takes one tensor several times", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, 2]);
    using twice = stack([x, x], { axis: 1 });
    expect(await twice.data()).toEqual(Float32Array.of(1, 1, 2, 2));
  });
});
