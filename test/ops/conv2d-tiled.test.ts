import { expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { concat } from "../../src/ops/concat.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { gradients } from "../../src/ops/gradients.js";
import { add, relu } from "../../src/ops/pointwise.js";
import { conv2d as reference, sides, two, type ConvOptions } from "../reference/conv2d.js";
import { map, sizeOf, zeros, zipWith, type NdArray } from "../reference/ndarray.js";
import { testDevice } from "../support/device.js";
import { expectGuards, poisonSlabs } from "../support/guards.js";
import { random } from "../support/random.js";
import { tier } from "../support/tier.js";

// The tiled kernels, which software adapters never choose by themselves: each tile and each way of loading, on sizes that end within a
// tile. Every distinct pipeline costs seconds of compilation there, so rows share them.
interface Row {
  tile: string;
  x: number[];
  weight: number[];
  options?: ConvOptions;
  /** What is computed: y = conv2d(x, weight) + bias; `fused`: relu(y + residual) and y into a concatenation; gradients of x and weight. */
  parts: ("y" | "fused" | "gx" | "gw")[];
  quick?: boolean;
}

const rows: Row[] = [
  { tile: "32x32x16", x: [2, 7, 6, 24], weight: [40, 3, 3, 24], options: { padding: 1 }, parts: ["y", "gx", "gw"], quick: true },
  { tile: "32x32x16", x: [1, 9, 8, 20], weight: [36, 3, 3, 20], options: { padding: 2, dilation: 2, stride: 2 }, parts: ["y", "gx", "gw"], quick: true },
  { tile: "32x32x16", x: [1, 14, 13, 16], weight: [40, 3, 3, 16], options: { padding: 6, dilation: 6 }, parts: ["y", "gx", "gw"] },
  { tile: "32x32x16", x: [1, 6, 7, 48], weight: [80, 2, 3, 24], options: { padding: 1, groups: 2 }, parts: ["y", "gx", "gw"] },
  { tile: "32x32x16", x: [1, 7, 5, 32], weight: [48, 3, 2, 16], options: { padding: 1, groups: 2, stride: [2, 3], dilation: [1, 2] }, parts: ["y", "gx", "gw"] },
  { tile: "32x32x16", x: [2, 5, 7, 24], weight: [24, 3, 3, 24], options: { padding: 1 }, parts: ["fused"] },
  { tile: "32x32x16", x: [1, 9, 7, 21], weight: [18, 3, 3, 21], options: { padding: 1 }, parts: ["y", "gx", "gw"] },
  // Few channels: a step along k crosses taps.
  { tile: "128x16x16", x: [1, 17, 13, 3], weight: [9, 7, 7, 3], options: { padding: 3, stride: 2 }, parts: ["y", "gx"] },
  // 1×1: no coordinates; strided, most parities have no tap.
  { tile: "128x32x16", x: [1, 13, 11, 36], weight: [24, 1, 1, 36], parts: ["y", "gx"] },
  { tile: "32x32x16", x: [1, 9, 7, 20], weight: [40, 1, 1, 20], options: { stride: 2 }, parts: ["gx"] },
  // Slices of k, more than there are steps too.
  { tile: "32x32x16x4", x: [1, 6, 7, 64], weight: [36, 3, 3, 64], options: { padding: 1 }, parts: ["y"] },
  { tile: "32x32x16x2", x: [3, 9, 5, 8], weight: [12, 1, 2, 8], options: { stride: 2 }, parts: ["gw"] },
  // Eight rows and two vec4 columns per thread; two places for a tile where the adapter has the memory.
  { tile: "64x64x16", x: [2, 9, 8, 40], weight: [68, 3, 3, 40], options: { padding: 1 }, parts: ["y"] },
  { tile: "128x128x16", x: [2, 9, 8, 36], weight: [132, 3, 3, 36], options: { padding: 1 }, parts: ["y"] },
  { tile: "128x128x16", x: [1, 9, 9, 132], weight: [132, 1, 1, 132], parts: ["gw"] },
];

const draw = (rng: ReturnType<typeof random>, shape: readonly number[]): NdArray => ({ shape: [...shape], data: Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(rng.normal())) });

/** Gradients of Σ seed · conv2d(x, weight), tap by tap. */
function gradientsOf(x: NdArray, weight: NdArray, seed: NdArray, o: ConvOptions): { gx: NdArray; gw: NdArray } {
  const [gx, gw] = [zeros(x.shape), zeros(weight.shape)];
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [width, kh, kw, cg] = weight.shape as [number, number, number, number];
  const [, oh, ow] = seed.shape as [number, number, number];
  const [[sh, sw], [dh, dw], [top, , left]] = [two(o.stride, 1), two(o.dilation, 1), sides(o.padding)];
  const group = width / (o.groups ?? 1);
  for (let b = 0; b < n; b++) for (let y = 0; y < oh; y++) for (let z = 0; z < ow; z++) for (let i = 0; i < kh; i++) for (let j = 0; j < kw; j++) {
    const [iy, ix] = [y * sh + i * dh - top, z * sw + j * dw - left];
    if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
    for (let k = 0; k < width; k++) {
      const g = seed.data[((b * oh + y) * ow + z) * width + k]!;
      const [at, tap] = [((b * h + iy) * w + ix) * c + Math.floor(k / group) * cg, ((k * kh + i) * kw + j) * cg];
      for (let q = 0; q < cg; q++) {
        gx.data[at + q]! += g * weight.data[tap + q]!;
        gw.data[tap + q]! += g * x.data[at + q]!;
      }
    }
  }
  return { gx, gw };
}

const positive = (a: NdArray): NdArray => map(a, (v) => Math.max(v, 0));

/** a and b side by side along the channels. */
const join = (a: NdArray, b: NdArray): NdArray => {
  const [p, q] = [a.shape.at(-1)!, b.shape.at(-1)!];
  return { shape: [...a.shape.slice(0, -1), p + q], data: Float64Array.from({ length: a.data.length + b.data.length }, (_, i) => {
    const [pixel, c] = [Math.floor(i / (p + q)), i % (p + q)];
    return c < p ? a.data[pixel * p + c]! : b.data[pixel * q + c - p]!;
  }) };
};

for (const row of rows.filter(({ quick }) => quick || tier() === "full"))
  test(`${row.tile}: x [${row.x.join(", ")}] weight [${row.weight.join(", ")}] ${JSON.stringify(row.options ?? {})} ${row.parts.join(" ")}`, async () => {
    const device = await testDevice();
    const rng = random(JSON.stringify(row));
    const { options = {}, parts } = row;
    const [x, weight, bias] = [draw(rng, row.x), draw(rng, row.weight), draw(rng, [row.weight[0]!])];
    const y = reference({ x, weight, bias }, options);
    const [residual, seed] = [draw(rng, y.shape), draw(rng, y.shape)];
    const { gx, gw } = gradientsOf(x, weight, seed, options);
    const want = parts.flatMap((part) => (part === "y" ? [y] : part === "fused" ? [positive(zipWith((a, b) => a + b, y, residual)), join(positive(y), reference({ x, weight }, options))] : part === "gx" ? [gx] : [gw]));

    const arguments_ = [x, weight, bias, residual, seed].map(({ data, shape }) => tensor(device, Float32Array.from(data), shape)) as [Tensor, Tensor, Tensor, Tensor, Tensor];
    device.forceVariant(`tiled:${row.tile}`);
    device.guardPlans(true);
    const made = compile((x: Tensor, weight: Tensor, bias: Tensor, residual: Tensor, seed: Tensor) => parts.flatMap((part) => {
      const convolved = (): Tensor => conv2d(x, weight, { ...options, bias } as object);
      if (part === "y") return [convolved()];
      if (part === "fused") return [relu(add(convolved(), residual)), concat([relu(convolved()), conv2d(x, weight, options as object)], { axis: 3 })];
      return gradients(conv2d(x, weight, options as object), [part === "gx" ? x : weight], seed);
    }));
    try {
      const plan = made.plan(...arguments_);
      poisonSlabs(device, plan);
      const results = made(...arguments_) as Tensor[];
      const got = await Promise.all(results.map((t) => t.data()));
      await expectGuards(device, plan);
      for (const t of results) t.dispose();
      const tiled = plan.lowered.calls.filter(({ shader }) => shader.name.startsWith("conv2d-tiled"));
      expect(tiled.length, "dispatches of tiled kernels").toBeGreaterThanOrEqual(parts.length);
      expect(plan.lowered.calls.filter(({ shader }) => /^conv2d(-direct|-columns|$)/.test(shader.name) && shader.name !== "conv2d-direct-weight-gradient"), "other convolutions").toEqual([]);
      want.forEach(({ data, shape }, i) => {
        const scale = data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
        const worst = data.reduce((at, v, k) => (Math.abs(v - got[i]![k]!) <= Math.abs(data[at]! - got[i]![at]!) ? at : k), 0);
        expect(Math.abs(data[worst]! - got[i]![worst]!) / scale, `result ${i} [${shape.join(", ")}] at ${worst}: ${got[i]![worst]} for ${data[worst]}`).toBeLessThan(1e-5);
      });
    } finally {
      device.forceVariant(undefined);
      device.guardPlans(false);
      for (const t of arguments_) t.dispose();
      made.dispose();
    }
  });
