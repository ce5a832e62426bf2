import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { SmpPSPNet } from "../../src/models/smp-pspnet.js";
import type { Device } from "../../src/runtime/device.js";
import { testDevice } from "../support/device.js";

/** What a function gives, with its plan's tensors all apart and as plans place them. */
async function bothWays(device: Device, subject: (x: Tensor<"f32">) => Tensor, x: Tensor<"f32">): Promise<{ apart: number[]; shared: number[]; writable: number }> {
  const results: number[][] = [];
  let writable = 0;
  for (const guarded of [true, false]) {
    device.guardPlans(guarded);
    const made = compile(subject);
    try {
      const plan = made.plan(x);
      writable = plan.lowered.calls.filter((call) => call.writable).length;
      using y = made(x) as Tensor;
      results.push([...(await y.data())]);
      if (!guarded) expect(plan.memory.slabs / plan.memory.lowerBound).toBeLessThanOrEqual(1.15);
    } finally {
      device.guardPlans(false);
      made.dispose();
    }
  }
  return { apart: results[0]!, shared: results[1]!, writable };
}

describe("dispatches that read and write one slab", () => {
  test("compute the same bits: a network of residual blocks and pooled pyramids", async () => {
    const device = await testDevice();
    using model = new SmpPSPNet({ classes: 1 }).to(device, { seed: 1 });
    model.eval();
    using x = tensor(device, Float32Array.from({ length: 64 * 64 * 3 }, (_, i) => Math.sin(i)), [1, 64, 64, 3]);
    const { apart, shared, writable } = await bothWays(device, (image) => model.forward(image) as Tensor, x);
    expect(writable).toBeGreaterThan(0);
    expect(shared).toEqual(apart);
    expect(new Set(shared).size).toBeGreaterThan(100);
  });
});
