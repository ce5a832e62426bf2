import { ShapeError } from "../runtime/errors.js";
import { MAX_WORKGROUPS, type Workgroups } from "../runtime/kernel.js";
import type { Shape } from "../runtime/shape.js";

/** Threads per workgroup of kernels on the grid of shaders/lib/plane.wgsl (its `WG`). */
const SIZE = 64;

/** Workgroups that cover a feature map [n, height, width, c]: one thread per value, or per vec4 of channels. */
export function planeGroups(op: string, shape: Shape, wide: boolean): Workgroups {
  const [n = 0, height = 0, width = 0, c = 0] = shape;
  const groups: Workgroups = [Math.ceil((width * c) / (wide ? 4 : 1) / SIZE), height, n];
  if (Math.max(...groups) > MAX_WORKGROUPS)
    throw new ShapeError(op, `a feature map may have at most ${MAX_WORKGROUPS} images and rows, and ${MAX_WORKGROUPS * SIZE} values in a row; cut it into parts first, with slice or crop2d`, { out: [shape, "NHWC"] });
  return groups;
}
