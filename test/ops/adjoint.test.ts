// Second derivatives of the linear operators: the gradient of a gradient with respect to the incoming gradient is the operator itself.
import { gradients } from "../../src/ops/gradients.js";
import type { Tensor } from "../../src/graph/tensor.js";
import { adaptiveAvgPool2d } from "../../src/ops/adaptive-avg-pool2d.js";
import { avgPool2d } from "../../src/ops/avg-pool2d.js";
import { broadcastTo } from "../../src/ops/broadcast-to.js";
import { concat } from "../../src/ops/concat.js";
import { crop2d } from "../../src/ops/crop2d.js";
import { flip } from "../../src/ops/flip.js";
import { pad2d } from "../../src/ops/pad2d.js";
import { resize } from "../../src/ops/resize.js";
import { slice } from "../../src/ops/slice.js";
import { transpose } from "../../src/ops/transpose.js";
import * as averages from "../reference/adaptive-avg-pool2d.js";
import * as average from "../reference/avg-pool2d.js";
import * as stretch from "../reference/broadcast-to.js";
import * as join from "../reference/concat.js";
import * as cut from "../reference/crop2d.js";
import * as mirror from "../reference/flip.js";
import { zeros, type NdArray } from "../reference/ndarray.js";
import * as frame from "../reference/pad2d.js";
import * as sampling from "../reference/resize.js";
import * as part from "../reference/slice.js";
import * as order from "../reference/transpose.js";
import { testOp } from "../support/test-op.js";

/** The transposed map of a linear reference, from its values on unit vectors. */
function adjoint(f: (x: NdArray) => NdArray, grad: NdArray, shape: readonly number[]): NdArray {
  const out = zeros(shape);
  for (let i = 0; i < out.data.length; i++) {
    const unit = zeros(shape);
    unit.data[i] = 1;
    out.data[i] = f(unit).data.reduce((sum, v, k) => sum + v * grad.data[k]!, 0);
  }
  return out;
}

type Case = [name: string, x: number[], y: number[], op: (x: Tensor<"f32">) => Tensor, reference: (x: NdArray) => NdArray];

const pooling = { kernelSize: 3, stride: 2, padding: 1 };
const cases: Case[] = [
  ["avgPool2d", [1, 5, 4, 3], [1, 3, 2, 3], (x) => avgPool2d(x, pooling), (x) => average.avgPool2d({ x }, pooling)],
  ["adaptiveAvgPool2d", [1, 5, 4, 3], [1, 3, 2, 3], (x) => adaptiveAvgPool2d(x, { outputSize: [3, 2] }), (x) => averages.adaptiveAvgPool2d({ x }, { outputSize: [3, 2] })],
  ["resize", [1, 3, 4, 4], [1, 5, 2, 4], (x) => resize(x, { size: [5, 2] }), (x) => sampling.resize({ x }, { size: [5, 2] })],
  ["resize nearest", [1, 3, 4, 1], [1, 5, 2, 1], (x) => resize(x, { size: [5, 2], mode: "nearest" }), (x) => sampling.resize({ x }, { size: [5, 2], mode: "nearest" })],
  ["pad2d", [1, 3, 2, 2], [1, 4, 5, 2], (x) => pad2d(x, { top: 1, left: 2, right: 1 }), (x) => frame.pad2d({ x }, { top: 1, left: 2, right: 1 })],
  ["pad2d reflect", [1, 3, 4, 2], [1, 6, 6, 2], (x) => pad2d(x, { top: 2, bottom: 1, right: 2, mode: "reflect" }), (x) => frame.pad2d({ x }, { top: 2, bottom: 1, right: 2, mode: "reflect" })],
  ["crop2d", [1, 5, 4, 2], [1, 3, 2, 2], (x) => crop2d(x, { top: 1, left: 2, height: 3, width: 2 }), (x) => cut.crop2d({ x }, { top: 1, left: 2, height: 3, width: 2 })],
  ["slice", [3, 7], [3, 4], (x) => slice(x, { start: 2, length: 4 }), (x) => part.slice({ x }, { start: 2, length: 4 })],
  ["concat", [2, 3], [2, 6], (x) => concat([x, x]), (x) => join.concat([x, x])],
  ["transpose", [2, 3, 4], [4, 2, 3], (x) => transpose(x, [2, 0, 1]), (x) => order.transpose({ x }, { permutation: [2, 0, 1] })],
  ["flip", [2, 3, 4], [2, 3, 4], (x) => flip(x, { axes: [0, 2] }), (x) => mirror.flip({ x }, { axes: [0, 2] })],
  ["broadcastTo", [2, 1, 3], [2, 4, 3], (x) => broadcastTo(x, [2, 4, 3]), (x) => stretch.broadcastTo({ x }, { shape: [2, 4, 3] })],
];

for (const [name, x, y, op, reference] of cases)
  testOp<{ x: NdArray; grad: NdArray }, object>(
    `${name} differentiated twice`,
    (inputs) => gradients(op(inputs.x), [inputs.x], inputs.grad)[0]!,
    (inputs) => adjoint(reference, inputs.grad, inputs.x.shape),
    [{ x: { shape: x, gradient: false }, grad: y }],
  );
