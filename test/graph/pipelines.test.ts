import { describe, expect, test } from "vitest";
import { describeCall } from "../../src/graph/describe.js";
import { DeepLabV3Plus } from "../../src/models/deeplab-v3plus.js";
import type { SegmentationModel } from "../../src/models/segmentation-model.js";
import { UNet } from "../../src/models/unet.js";
import { pipelineKeys } from "../../src/runtime/pipelines.js";
import { lowerModel, someAdapter } from "../support/lower-model.js";

/** Keys of all pipelines of a plan, those that only follow parameter changes included. */
function keysOf(model: SegmentationModel, mode: "train" | "predict", size: readonly [number, number, number], software: boolean): Set<string> {
  const { statics, calls } = lowerModel(model, mode, size, someAdapter(software));
  return pipelineKeys([...statics, ...calls]);
}

const models: Record<string, () => SegmentationModel> = {
  "U-Net": () => new UNet({ classes: 2, widths: [16, 32, 64] }),
  "DeepLabV3+": () => new DeepLabV3Plus({ classes: 3, width: 1 / 4, blocks: [1] }),
};

describe("distinct pipelines", () => {
  test.each([true, false])("of DeepLabV3+ Xception-65 at 1539×770, software %s: at most 40", (software) => {
    expect(keysOf(new DeepLabV3Plus({ classes: 19 }), "predict", [1, 1539, 770], software).size).toBeLessThanOrEqual(40);
  });

  // On a GPU the number of pixels chooses among tiles of several sizes: there it stays the same.
  test.each(Object.keys(models).flatMap((name) => (["predict", "train"] as const).flatMap((mode) => [true, false].map((software) => [name, mode, software] as const))))(
    "of %s, %s, software %s: another batch, height and width need no others",
    (name, mode, software) => {
      const [small, large] = [[2, 192, 160], software ? [3, 224, 192] : [4, 160, 96]].map((size) => keysOf(models[name]!(), mode, size as [number, number, number], software));
      expect([...large!].filter((key) => !small!.has(key)).map((key) => key.slice(0, 200))).toEqual([]);
    },
  );
});

test("describing a tiled kernel counts what it needs, and there is nothing to count of a direct one", () => {
  const lines = (software: boolean): string[] => lowerModel(models["U-Net"]!(), "predict", [1, 64, 64], someAdapter(software)).calls.map((call) => describeCall(call));
  const tiled = /^ {2}conv2d-tiled\.forward {2}.* groups {2}.*TX=\d+.* {2}\[\d+ bytes per workgroup; per thread \d+ accumulators, \d+ operands, \d+\.\d multiply-adds per f32 of workgroup memory; \d+ barriers; \d+(\.\d+)? MiB of traffic\]$/;
  expect(lines(false).filter((line) => tiled.test(line)).length).toBeGreaterThan(5);
  expect(lines(true).filter((line) => line.includes("accumulators"))).toEqual([]);
});
