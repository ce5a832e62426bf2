import { describe, expect, test } from "vitest";
import { Capture } from "../../src/graph/capture.js";
import { layOut } from "../../src/graph/lay-out.js";
import { lowerGraph, type Lowered } from "../../src/graph/lower.js";
import { lowerBound, planMemory, type Block, type MemoryPlan } from "../../src/graph/memory-plan.js";
import { optimise } from "../../src/graph/optimise.js";
import type { Tensor } from "../../src/graph/tensor.js";
import { boundBy, type Memory } from "../../src/graph/uses.js";
import { SegNet } from "../../src/models/segnet.js";
import type { SegmentationModel } from "../../src/models/segmentation-model.js";
import { UNet } from "../../src/models/unet.js";
import { argmax } from "../../src/ops/argmax.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import { adamW } from "../../src/optim/index.js";
import { testDevice } from "../support/device.js";
import { random } from "../support/random.js";
import { tier } from "../support/tier.js";

const alive = (a: Block, b: Block): boolean => a.first <= b.last && b.first <= a.last;

/** A sentence about the first thing that is wrong with a placement. */
function fault<B extends Block>(blocks: readonly B[], apart: ReadonlyMap<B, ReadonlySet<B>>, plan: MemoryPlan<B>): string | undefined {
  for (const [i, a] of blocks.entries()) {
    const at = plan.places.get(a);
    if (!at) return `block ${i} has no place`;
    if (at.offset % 256 !== 0) return `block ${i} begins at ${at.offset}`;
    if (at.offset + a.bytes > plan.slabs[at.slab]!) return `block ${i} reaches beyond its slab`;
    for (const b of blocks.slice(0, i)) {
      const other = plan.places.get(b)!;
      if (at.slab !== other.slab) continue;
      if (apart.get(a)?.has(b)) return `block ${i} shares a slab with one that it must not`;
      if (alive(a, b) && at.offset < other.offset + b.bytes && other.offset < at.offset + a.bytes) return `block ${i} overlaps another that is alive`;
    }
  }
  return undefined;
}

describe("planMemory", () => {
  test("never lets live blocks overlap or rivals share a slab, for random sets", () => {
    const rng = random("memory-plan");
    for (let round = 0; round < (tier() === "full" ? 300 : 60); round++) {
      const length = 2 + rng.integer(40);
      const blocks: Block[] = Array.from({ length: 1 + rng.integer(60) }, () => {
        const first = rng.integer(length) - 1;
        return { first, last: Math.min(length, first + rng.integer(1 + rng.integer(length))), bytes: 256 * (1 + rng.integer(1 << rng.integer(12))) };
      });
      const apart = new Map<Block, Set<Block>>(blocks.map((b) => [b, new Set()]));
      for (let i = 0; i < blocks.length; i++) {
        const [a, b] = [blocks[rng.integer(blocks.length)]!, blocks[rng.integer(blocks.length)]!];
        if (a === b || !alive(a, b)) continue;
        apart.get(a)!.add(b);
        apart.get(b)!.add(a);
      }
      const plan = planMemory(blocks, apart, 2 ** 30);
      expect(fault(blocks, apart, plan), `round ${round}`).toBeUndefined();
      expect(plan.lowerBound).toBe(lowerBound(blocks));
      expect(plan.slabs).toEqual([...plan.slabs].sort((a, b) => b - a));
      expect(planMemory(blocks, apart, 2 ** 30)).toEqual(plan);
    }
  });

  test("knows the lower bound, and reaches it where nothing is in the way", () => {
    const blocks = [
      { bytes: 1024, first: 0, last: 1 }, { bytes: 512, first: 1, last: 2 }, { bytes: 1024, first: 2, last: 3 }, { bytes: 256, first: 0, last: 3 },
    ];
    expect(lowerBound(blocks)).toBe(1792);
    expect(planMemory(blocks, new Map(), 2 ** 20).slabs.reduce((a, b) => a + b)).toBe(1792);
    expect(planMemory([], new Map(), 2 ** 20)).toMatchObject({ slabs: [], lowerBound: 0 });
  });

  test("opens another slab before one grows beyond what a buffer may have", () => {
    const blocks = Array.from({ length: 8 }, () => ({ bytes: 1024, first: 0, last: 1 }));
    const { slabs } = planMemory(blocks, new Map(), 3072);
    expect(Math.max(...slabs)).toBeLessThanOrEqual(3072);
    expect(slabs.reduce((a, b) => a + b)).toBe(8192);
  });
});

/** A training step or a prediction of a model, lowered and laid out but not compiled. */
async function laidOut(model: SegmentationModel, mode: "train" | "predict", [n, h, w]: readonly [number, number, number], software: boolean): Promise<{ lowered: Lowered; plan: MemoryPlan<Memory> }> {
  const device = await testDevice();
  model.to(device).train(mode === "train");
  const optimizer = adamW(model.parameters(), { learningRate: 1e-3 });
  const capture = new Capture();
  capture.useDevice(device);
  let output!: Tensor;
  capture.run(() => {
    const image = capture.input([n, h, w, 3], "f32") as Tensor<"f32">;
    if (mode === "predict") return void (output = argmax(model.forward(image) as Tensor<"f32">));
    const mask = capture.input([n, h, w], "u32") as Tensor<"u32">;
    const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(image) as Tensor<"f32">, mask));
    optimizer.update(grads);
    output = value;
  });
  const lowered = lowerGraph(optimise(capture.graph([output.value!])), { ...device.adapter, software });
  const plan = layOut(lowered, 2 ** 31);
  optimizer.dispose();
  model.dispose();
  return { lowered, plan };
}

describe("the memory of a real network", () => {
  const widths = [8, 16, 32, 64, 128];
  const models = {
    "U-Net without batch norm": () => new UNet({ classes: 2, widths, norm: "none" }),
    "U-Net": () => new UNet({ classes: 2, widths }),
    "U-Net, bilinear": () => new UNet({ classes: 5, widths, bilinear: true }),
    SegNet: () => new SegNet({ classes: 3 }),
  };
  // Its 29 million parameters take their time.
  const names = Object.keys(models).filter((name) => tier() === "full" || name !== "SegNet");
  const cases = names.flatMap((name) => (["train", "predict"] as const).flatMap((mode) => [true, false].map((software) => [name as keyof typeof models, mode, software] as const)));

  test.each(cases)("%s, %s, software %s: within 1.15 of the lower bound, and no dispatch writes a slab that it binds as read-only", async (name, mode, software) => {
    const sizes = tier() === "full" ? [[4, 128, 128], [1, 256, 256], [2, 97, 113]] as const : [[2, 97, 65]] as const;
    for (const size of sizes) {
      const { lowered, plan } = await laidOut(models[name](), mode, size, software);
      const slabOf = (memory: Memory): number | undefined => plan.places.get(memory)?.slab;
      for (const call of lowered.calls) {
        const bound = boundBy(call);
        const written = new Set(bound.filter(({ reads }) => !reads).map(({ memory }) => slabOf(memory)));
        const shared = bound.filter(({ memory, reads }) => reads && slabOf(memory) !== undefined && written.has(slabOf(memory)));
        expect(shared.map(({ name }) => name).sort(), `${call.shader.name}.${call.entry}`).toEqual(call.writable ?? []);
        // WebGPU refuses one range in two bindings, one of which can be written.
        expect(new Set(shared.map(({ memory }) => memory)).size, `${call.shader.name}.${call.entry}`).toBe(shared.length);
      }
      expect(fault([...plan.places.keys()], new Map(), plan)).toBeUndefined();
      expect(plan.slabs.reduce((a, b) => a + b) / plan.lowerBound, `of ${size.join("×")}`).toBeLessThanOrEqual(1.15);
    }
  });
});
