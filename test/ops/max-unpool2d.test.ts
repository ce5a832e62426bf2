import { maxPool2dWithIndices } from "../../src/ops/max-pool2d.js";
import { maxUnpool2d, type MaxUnpool2dOptions } from "../../src/ops/max-unpool2d.js";
import * as pool from "../reference/max-pool2d.js";
import * as reference from "../reference/max-unpool2d.js";
import { fromFunction, type NdArray } from "../reference/ndarray.js";
import { random } from "../support/random.js";
import { testErrors } from "../support/test-errors.js";
import { testOp, type OpCase } from "../support/test-op.js";

type Inputs = { x: NdArray; indices: NdArray };

/** A case that unpools what `maxPool2d` makes of a random plane of this shape. */
function undo(shape: number[], options: MaxUnpool2dOptions & { ceilMode?: boolean }, name?: string): OpCase<Inputs, MaxUnpool2dOptions> {
  const rng = random(shape.join());
  const { ceilMode: _c, ...unpooling } = options;
  const { outputSize: _o, ...pooling } = options;
  const { indices } = pool.maxPool2dWithIndices({ x: fromFunction(shape, () => rng.normal()) }, pooling);
  return { x: indices.shape, indices: { shape: indices.shape, dtype: "u32", values: indices.data }, options: unpooling, ...(name && { name }) };
}

testOp("maxUnpool2d", ({ x, indices }, o: MaxUnpool2dOptions) => maxUnpool2d(x, indices, o), reference.maxUnpool2d, [
  undo([2, 6, 8, 3], { kernelSize: 2 }),
  undo([1, 8, 6, 8], { kernelSize: 2 }),
  undo([2, 7, 9, 3], { kernelSize: 2, outputSize: [7, 9] }, "a last row and column that no window saw"),
  undo([1, 45, 12, 4], { kernelSize: 2, ceilMode: true, outputSize: [45, 12] }, "SegNet's 23 to 45 rows"),
  undo([1, 5, 7, 4], { kernelSize: 2, ceilMode: true, outputSize: [5, 7] }),
  undo([1, 9, 9, 2], { kernelSize: 3 }),
  undo([1, 11, 9, 4], { kernelSize: [3, 2], stride: [3, 2], outputSize: [11, 9] }),
  undo([1, 9, 7, 3], { kernelSize: 3, stride: 2, padding: 1, outputSize: [9, 7] }, "overlapping windows: the last one wins"),
  undo([1, 7, 6, 4], { kernelSize: 3, stride: 1, padding: 1, outputSize: [7, 6] }, "windows that overlap everywhere"),
  undo([1, 8, 10, 4], { kernelSize: 2, stride: 3, outputSize: [8, 10] }, "gaps between windows"),
  undo([1, 11, 9, 4], { kernelSize: 2, stride: 1, dilation: 3, outputSize: [11, 9] }, "dilated windows"),
  undo([1, 8, 7, 3], { kernelSize: 3, stride: [5, 2], dilation: 2, padding: 1 }, "dilated windows, default size"),
  undo([1, 1, 1, 3], { kernelSize: 1 }, "one pixel"),
  undo([2, 5, 3, 1], { kernelSize: [5, 1], stride: [1, 1], padding: [2, 0], outputSize: [5, 3] }),
]);

testOp<{ x: NdArray }, { kernelSize: number; stride?: number; padding?: number }>(
  "maxUnpool2d after maxPool2d",
  ({ x }, o) => {
    const { out, indices } = maxPool2dWithIndices(x, o);
    return maxUnpool2d(out, indices, { ...o, outputSize: [x.shape[1]!, x.shape[2]!] });
  },
  ({ x }, o) => {
    const { out, indices } = pool.maxPool2dWithIndices({ x }, o);
    return reference.maxUnpool2d({ x: out, indices }, { ...o, outputSize: [x.shape[1]!, x.shape[2]!] });
  },
  [
    { x: { shape: [1, 7, 9, 4], distinct: true }, options: { kernelSize: 2 } },
    { x: { shape: [2, 7, 5, 3], distinct: true }, options: { kernelSize: 3, stride: 2, padding: 1 }, name: "overlapping windows" },
  ],
);

testOp<Inputs, MaxUnpool2dOptions>(
  "maxUnpool2d with indices that no pooling writes",
  ({ x, indices }, o) => maxUnpool2d(x, indices, o),
  ({ x, indices }, o) => {
    // Position 0 is the first window's own; the others are in another window, outside the plane, and far outside.
    const lone = { shape: x.shape, data: x.data.map((v, i) => (i === 0 ? v : 0)) };
    return reference.maxUnpool2d({ x: lone, indices: { shape: indices.shape, data: indices.data.map((_, i) => [0, 2, 8, 10][i]!) } }, o);
  },
  [{ x: [1, 2, 2, 1], indices: { shape: [1, 2, 2, 1], dtype: "u32", values: [0, 15, 16, 0xffffffff] }, options: { kernelSize: 2 } }],
);

const pooled = (...shape: number[]) => ({ x: shape, indices: { shape, classes: 4 } });
testErrors("maxUnpool2d", [
  ["whole numbers", { x: { shape: [1, 2, 2, 3], classes: 4 }, indices: { shape: [1, 2, 2, 3], classes: 4 } }, ({ x, indices }) => maxUnpool2d(x!, indices!, { kernelSize: 2 }), 'maxUnpool2d: x must be f16 or f32 but is u32. Convert with cast(x, "f32").'],
  ["a result without size", pooled(1, 1, 1, 1), ({ x, indices }) => maxUnpool2d(x!, indices!, { kernelSize: 2, padding: 1 }), "maxUnpool2d: the result would have the size [0, 0].\n  x  [1, 1, 1, 1]  NHWC"],
  ["indices of another shape", { x: [1, 2, 2, 3], indices: { shape: [1, 2, 2, 1], classes: 4 } }, ({ x, indices }) => maxUnpool2d(x!, indices!, { kernelSize: 2 }), "maxUnpool2d: x and indices must have the same shape.\n  x        [1, 2, 2, 3]  NHWC\n  indices  [1, 2, 2, 1]  NHWC"],
  ["indices that are not whole numbers", { x: [1, 2, 2, 3], indices: [1, 2, 2, 3] }, ({ x, indices }) => maxUnpool2d(x!, indices!, { kernelSize: 2 }), 'maxUnpool2d: indices must be u32 but is f32. Convert with cast(indices, "u32").'],
  ["a size that is none", pooled(1, 4, 5, 1), ({ x, indices }) => maxUnpool2d(x!, indices!, { kernelSize: 2, outputSize: 0 as never }), "maxUnpool2d: outputSize must be a whole number of at least 1, or two of them [vertical, horizontal], but is 0."],
  ["a result that is too large", pooled(1, 4, 5, 1), ({ x, indices }) => maxUnpool2d(x!, indices!, { kernelSize: 2, outputSize: [9, 12] }), "maxUnpool2d: outputSize [9, 12] does not fit: the width must be from 9 to 11 for x [1, 4, 5, 1]."],
  ["a result that is too small", pooled(1, 4, 5, 1), ({ x, indices }) => maxUnpool2d(x!, indices!, { kernelSize: 2, outputSize: [6, 10] }), "maxUnpool2d: outputSize [6, 10] does not fit: the height must be from 7 to 9 for x [1, 4, 5, 1]."],
]);
