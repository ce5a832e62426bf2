import { sizeOf, type Shape } from "../runtime/shape.js";

/** A tensor as [outer, extent, inner], of which kernels work along the extent. */
export interface AxisView {
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
}

export const axisView = (shape: Shape, axis: number): AxisView => ({
  outer: sizeOf(shape.slice(0, axis)),
  extent: shape[axis] ?? 1,
  inner: sizeOf(shape.slice(axis + 1)),
});
