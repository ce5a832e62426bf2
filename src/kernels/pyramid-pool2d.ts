import { defineKernel } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import { lowerAdaptiveAvgPool2d } from "./adaptive-avg-pool2d.js";
import { constantVector } from "./constant.js";
import type { Lowering, Operand } from "./lowering.js";
import { planeGroups } from "./plane.js";
import { vec4Fits } from "./vec4.js";
import shader from "./wgsl/pyramid-pool2d.js";

const cells = defineKernel(shader, "cells");
const cells4 = defineKernel(shader, "cells4");
const level = defineKernel(shader, "level");
const level4 = defineKernel(shader, "level4");
const gradient = defineKernel(shader, "gradient");
const gradient4 = defineKernel(shader, "gradient4");
const gradientMore = defineKernel(shader, "gradient_more");
const gradientMore4 = defineKernel(shader, "gradient_more4");

/** Levels whose gradients one dispatch gathers. */
const LEVELS = 4;

/** Where bins of any level begin or end along an axis of this size, ascending, the size itself included. */
function cutsOf(size: number, levels: readonly number[]): number[] {
  const cuts = new Set<number>([size]);
  for (const bins of levels)
    for (let i = 0; i < bins; i++) {
      cuts.add(Math.floor((i * size) / bins));
      cuts.add(Math.ceil(((i + 1) * size) / bins));
    }
  return [...cuts].sort((a, b) => a - b);
}

const noLevels = { h0: 0, w0: 0, h1: 0, w1: 0, h2: 0, w2: 0, h3: 0, w3: 0 };

/** One level's kernel per output is the clear variant; the fast one reads x once, and then only sums of cells. */
export function lowerPyramidPool2d(low: Lowering, { x }: { x: Operand }, outputs: Record<string, Operand>): void {
  const levels = Object.values(outputs);
  const [n = 0, h = 0, w = 0, c = 0] = x.shape;
  const [rowCuts, columnCuts] = [cutsOf(h, levels.map((out) => out.shape[1]!)), cutsOf(w, levels.map((out) => out.shape[2]!))];
  const [rows, columns] = [rowCuts.length - 1, columnCuts.length - 1];
  // With hardly fewer cells than positions (tiny planes, many bins) the detour does not pay.
  if (low.adapter.variant === "clear" || 2 * rows * columns > h * w) {
    for (const out of levels) lowerAdaptiveAvgPool2d(low, { x }, { out });
    return;
  }
  const wide = vec4Fits(low, c);
  const cuts = constantVector(low, [...rowCuts, ...columnCuts]);
  const part = low.temp([n, rows, columns, c], "f32");
  const params = { h, w, rows, columns, ...noLevels };
  const groups = (shape: Shape) => planeGroups("pyramidPool2d", shape, wide);
  const use = { params: { ...params, oh: 0, ow: 0 }, constants: { C: c }, flops: sizeOf(x.shape), workgroups: groups(part.shape) };
  low.run(wide ? cells4({ bindings: { x4: x, cuts, out4: part }, ...use }) : cells({ bindings: { x, cuts, out: part }, ...use }));
  for (const out of levels) {
    const [, oh = 0, ow = 0] = out.shape;
    const each = { params: { ...params, oh, ow }, constants: { C: c }, flops: sizeOf(part.shape), workgroups: groups(out.shape) };
    low.run(wide ? level4({ bindings: { x4: part, cuts, out4: out }, ...each }) : level({ bindings: { x: part, cuts, out }, ...each }));
  }
}

/** One dispatch for each four levels. */
export function lowerPyramidPool2dGradient(low: Lowering, inputs: Record<string, Operand>, { out }: { out: Operand }): void {
  const levels = Object.values(inputs);
  const [, h = 0, w = 0, c = 0] = out.shape;
  const wide = vec4Fits(low, c);
  let before: Operand | undefined;
  for (let first = 0; first < levels.length; first += LEVELS) {
    const last = first + LEVELS >= levels.length;
    const to = last ? out : low.temp(out.shape, "f32");
    // An absent level has no bins; its binding is filled with another's.
    const at = (i: number) => levels[first + i] ?? levels[first]!;
    const sizes = [0, 1, 2, 3].map((i) => levels[first + i]?.shape ?? [0, 0, 0, 0]);
    const params = {
      h, w, rows: 0, columns: 0, oh: 0, ow: 0,
      h0: sizes[0]![1]!, w0: sizes[0]![2]!, h1: sizes[1]![1]!, w1: sizes[1]![2]!,
      h2: sizes[2]![1]!, w2: sizes[2]![2]!, h3: sizes[3]![1]!, w3: sizes[3]![2]!,
    };
    const use = { params, constants: { C: c }, flops: 2 * LEVELS * sizeOf(out.shape), workgroups: planeGroups("pyramidPool2d", out.shape, wide) };
    if (wide) {
      const bindings = { grad0_4: at(0), grad1_4: at(1), grad2_4: at(2), grad3_4: at(3), out4: to };
      low.run(before ? gradientMore4({ bindings: { ...bindings, before4: before }, ...use }) : gradient4({ bindings, ...use }));
    } else {
      const bindings = { grad0: at(0), grad1: at(1), grad2: at(2), grad3: at(3), out: to };
      low.run(before ? gradientMore({ bindings: { ...bindings, before }, ...use }) : gradient({ bindings, ...use }));
    }
    before = to;
  }
}
