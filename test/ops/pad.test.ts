import { pad, type PadOptions, type PadWidth } from "../../src/ops/pad.js";
import * as reference from "../reference/pad.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("pad", ({ x }, { widths, ...o }: PadOptions & { widths: readonly PadWidth[] }) => pad(x, widths, o), reference.pad, [
  { x: [5], options: { widths: [[2, 3]] } },
  { x: [3, 4], options: { widths: [1, [0, 2]], value: -1.5 } },
  { x: [2, 3, 4], options: { widths: [[1, 0], 2, [3, 1]] } },
  { x: [2, 3, 4], options: { widths: [1, [2, 1], 3], mode: "reflect" } },
  { x: [2, 1, 3], options: { widths: [3, [1, 2], 0], mode: "replicate" } },
  { x: [2, 3, 4], options: { widths: [2, [0, 3], [4, 1]], mode: "circular" } },
  { x: [1, 4, 5, 3], options: { widths: [0, 2, 1, [0, 1]] }, name: "a feature map and its channels" },
  { x: [2, 1, 3, 2, 2], options: { widths: [0, 0, [1, 1], 0, [2, 0]] }, name: "five axes" },
  { x: [6, 5], options: { widths: [[-2, 1], -1] }, name: "cut" },
  { x: [6, 5], options: { widths: [[-2, 3], [4, -1]], mode: "circular" }, name: "circular, cut" },
  { x: [3, 4], options: { widths: [0, 0] }, name: "as it is" },
  { x: { shape: [3, 4], classes: 5 }, options: { widths: [1, 1], value: 255 }, name: "labels" },
  { x: { shape: [70001, 2], gradient: false }, options: { widths: [0, [1, 0]] }, name: "many rows" },
]);

testErrors("pad", [
  ["too few widths", { x: [2, 3] }, ({ x }) => pad(x!, [1]), "pad: needs one width for each of the 2 axes of x, outermost first, but got 1.\n  x  [2, 3]"],
  ["a width of three", { x: [2, 3] }, ({ x }) => pad(x!, [0, [1, 2, 3] as never]), "pad: the width of axis 1 must be a whole number, or two of them [before, after], but is [1,2,3]."],
  ["a width beyond 32 bits", { x: [2, 3] }, ({ x }) => pad(x!, [0, [2 ** 33, -(2 ** 33)]]), "pad: the width of axis 1 must be between -1073741823 and 1073741823 but is 8589934592."],
  ["a mirror beyond the axis", { x: [2, 3] }, ({ x }) => pad(x!, [0, [3, 0]], { mode: "reflect" }), 'pad: "reflect" can show fewer positions of axis 1 than x has, 3, but before is 3. Use "replicate", or pad less.\n  x  [2, 3]'],
  ["more cut than there is", { x: [2, 3] }, ({ x }) => pad(x!, [[-1, -2], 0]), "pad: cannot cut 3 positions of axis 0 off: x has 2.\n  x  [2, 3]"],
  ["an unknown mode", { x: [2] }, ({ x }) => pad(x!, [1], { mode: "wrap" as never }), 'pad: mode must be "constant", "reflect", "replicate", "circular", but is "wrap".'],
  ["what is no tensor", {}, () => pad([1, 2] as never, [1]), "pad: x must be a tensor but is an array. Make one with tensor(device, data, shape)."],
]);
