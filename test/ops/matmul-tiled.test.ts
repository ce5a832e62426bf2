import { expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { matmul } from "../../src/ops/matmul.js";
import { sizeOf, type NdArray } from "../reference/ndarray.js";
import * as reference from "../reference/matmul.js";
import { testDevice } from "../support/device.js";
import { expectGuards, poisonSlabs } from "../support/guards.js";
import { random } from "../support/random.js";
import { tier } from "../support/tier.js";

// The tiled kernels, which software adapters never choose by themselves, on sizes that end within a tile.
interface Row {
  tile: string;
  a: number[];
  b: number[];
  options?: { transposeA?: boolean; transposeB?: boolean };
  /** Whether other kernels take over, because rows are not whole vec4s. */
  untiled?: boolean;
  quick?: boolean;
}

const rows: Row[] = [
  { tile: "32x32x16", a: [37, 44], b: [44, 36], quick: true },
  { tile: "32x32x16", a: [2, 5, 20], b: [2, 40, 20], options: { transposeB: true } },
  { tile: "32x32x16", a: [2, 37, 40], b: [2, 37, 36], options: { transposeA: true }, quick: true },
  { tile: "32x32x16", a: [2, 1, 12, 36], b: [3, 8, 12], options: { transposeA: true, transposeB: true } },
  { tile: "32x32x16", a: [5, 7], b: [7, 8], untiled: true },
  { tile: "32x32x16", a: [8, 8], b: [8, 7], untiled: true },
];

for (const row of rows.filter(({ quick }) => quick || tier() === "full"))
  test(`${row.tile}: a [${row.a.join(", ")}] b [${row.b.join(", ")}] ${JSON.stringify(row.options ?? {})}`, async () => {
    const device = await testDevice();
    const rng = random(JSON.stringify(row));
    const draw = (shape: number[]): NdArray => ({ shape, data: Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(rng.normal())) });
    const [a, b] = [draw(row.a), draw(row.b)];
    const want = reference.matmul({ a, b }, row.options ?? {});
    const [ta, tb] = [a, b].map(({ data, shape }) => tensor(device, Float32Array.from(data), shape)) as [Tensor<"f32">, Tensor<"f32">];
    device.forceVariant(`tiled:${row.tile}`);
    device.guardPlans(true);
    const product = compile((a: Tensor<"f32">, b: Tensor<"f32">) => matmul(a, b, row.options));
    try {
      const plan = product.plan(ta, tb);
      expect(plan.lowered.calls.some(({ shader }) => shader.name.startsWith("matmul-tiled")), "tiled").toBe(!row.untiled);
      poisonSlabs(device, plan);
      const out = product(ta, tb) as Tensor;
      const got = await out.data();
      await expectGuards(device, plan);
      out.dispose();
      const scale = want.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const worst = want.data.reduce((at, v, k) => (Math.abs(v - got[k]!) <= Math.abs(want.data[at]! - got[at]!) ? at : k), 0);
      expect(Math.abs(want.data[worst]! - got[worst]!) / scale, `[${want.shape.join(", ")}] at ${worst}: ${got[worst]} for ${want.data[worst]}`).toBeLessThan(1e-5);
    } finally {
      device.forceVariant(undefined);
      device.guardPlans(false);
      ta.dispose();
      tb.dispose();
      product.dispose();
    }
  });
