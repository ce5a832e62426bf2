import { gather, type GatherOptions } from "../../src/ops/gather.js";
import { indexSelect } from "../../src/ops/index-select.js";
import type { IndexOptions } from "../../src/ops/index-add.js";
import * as reference from "../reference/gather.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

const variants = ["clear", "sorted"];
const below = (classes: number, ...shape: number[]) => ({ shape, classes });
const signed = (values: number[], shape: number[]) => ({ shape, values, dtype: "i32" as const });

testOp("gather", ({ x, indices }, o: GatherOptions) => gather(x, indices, o), reference.gather, [
  { x: [3, 5], indices: below(5, 3, 4) },
  { x: [2, 3, 5, 21], indices: below(21, 2, 3, 5, 1), name: "one class per pixel" },
  { x: [7, 5], indices: below(7, 90, 5), options: { axis: 0 } },
  { x: [2, 9, 3, 2], indices: below(9, 2, 40, 3, 2), options: { axis: 1 } },
  { x: [5, 3], indices: below(3, 5, 70), name: "more indices than elements" },
  { x: [4], indices: below(1, 200), name: "all to one" },
  { x: [6, 2], indices: below(6, 1, 2), options: { axis: -2 } },
  { x: [6, 2], indices: [6, 0], name: "no indices" },
  { x: [1], indices: below(1, 1) },
  { x: [2, 4], indices: signed([3, 0, -1, 3, 4, 1], [2, 3]), name: "indices that do not exist" },
  { x: { shape: [3, 5], dtype: "u32" }, indices: below(5, 3, 9) },
  { x: { shape: [3, 5], dtype: "i32", low: -9, high: 9 }, indices: below(3, 4, 5), options: { axis: 0 } },
], { integer: ["indices"], variants });

testOp("indexSelect", ({ x, indices }, o: IndexOptions) => indexSelect(x, indices, o), reference.indexSelect, [
  { x: [9, 5], indices: below(9, 12) },
  { x: [9, 8], indices: below(9, 50), name: "rows by fours" },
  { x: [2, 9, 3, 4], indices: below(9, 40), options: { axis: 1 } },
  { x: [2, 3, 7], indices: below(7, 5), options: { axis: -1 } },
  { x: [6, 3], indices: below(6, 2, 3, 4), name: "indices of rank 3" },
  { x: [6, 3], indices: below(6), name: "a single index drops the axis" },
  { x: [11], indices: below(2, 300), name: "two rows many times" },
  { x: [3, 4], indices: signed([2, -1, 3, 0], [4]), name: "indices that do not exist" },
  { x: { shape: [6, 4], dtype: "u32" }, indices: below(6, 9) },
  { x: [6, 3], indices: [0], name: "no indices" },
], { integer: ["indices"], variants });

testErrors("gather", [
  ["sizes that differ", { x: [2, 5, 3], indices: below(5, 1, 4, 3) }, ({ x, indices }) => gather(x!, indices!, { axis: 1 }), "gather: indices must have the sizes of x except along axis 1.\n  x        [2, 5, 3]\n  indices  [1, 4, 3]"],
  ["indices that are not whole", { x: [2, 5], indices: [2, 1] }, ({ x, indices }) => gather(x!, indices!), 'gather: indices must be i32 or u32 but is f32. Convert with cast(indices, "u32").'],
  ["an axis that does not exist", { x: [2, 5], indices: below(5, 2, 5) }, ({ x, indices }) => gather(x!, indices!, { axis: -3 }), "gather: x has no axis -3: axes go from -2 to 1.\n  x  [2, 5]"],
  ["bytes", { x: { shape: [4], dtype: "u8" }, indices: below(4, 4) }, ({ x, indices }) => gather(x!, indices!), 'gather: x must be f32, f16, i32 or u32 but is u8. Convert with cast(x, "u32").'],
  ["float indices of rows", { x: [2, 5], indices: [2] }, ({ x, indices }) => indexSelect(x!, indices!), 'indexSelect: indices must be i32 or u32 but is f32. Convert with cast(indices, "u32").'],
]);
