import { describe, expect, test } from "vitest";
import { FCN, type FCNOptions } from "../../src/models/fcn.js";
import { summary } from "../../src/models/summary.js";
import { testDevice } from "../support/device.js";
import { pytorchNetworks } from "../support/networks.js";
import { testModel } from "./contract.js";

const narrow = (options: Partial<FCNOptions>) => (): FCN => {
  const model = new FCN({ classes: 3, width: 2, hidden: 16, ...options });
  // Gradients of the upsampling, which is fixed otherwise, are compared as well.
  for (const parameter of model.parameters()) parameter.trainable = true;
  return model;
};

await pytorchNetworks("fcn", { "8s": narrow({ stride: 8 }), "16s": narrow({ stride: 16 }), "32s": narrow({ stride: 32 }), "8s at once": narrow({ stride: 8, atOnce: true }) });

testModel("FCN", {
  full: () => new FCN({ classes: 21 }),
  parameters: 134_362_751 + 127_008,
  entries: 39,
  names: ["conv1_1.weight", "conv5_3.bias", "fc6.weight", "fc7.bias", "score_fr.weight", "score_pool3.bias", "score_pool4.weight", "upscore2.weight", "upscore_pool4.weight", "upscore8.weight"],
  macs: { size: [500, 500], billions: 181.5 },
  narrow: () => {
    const model = new FCN({ classes: 2, width: 2, hidden: 32 });
    // Without batch norm, and with so few channels, it learns from centred images only.
    model.normalisation = { mean: [0.4, 0.4, 0.4], std: [0.15, 0.15, 0.15] };
    return model;
  },
  sizes: [[21, 30], [1, 5], [32, 32], [45, 60]],
  steps: 80,
  learningRate: 0.01,
  dropout: false,
  coarse: true,
});

describe("FCN", () => {
  test.each([
    [32, 134_346_581, 1_806_336, 33, 181.4],
    [16, 134_357_354, 458_640, 36, 181.4],
    [8, 134_362_751, 127_008, 39, 181.5],
  ] as const)("at stride %d has %d parameters and %d fixed ones", (stride, trainable, fixed, entries, billions) => {
    const model = new FCN({ stride, classes: 21 });
    expect([...model.namedVariables()]).toHaveLength(entries);
    const found = summary(model, [1, 500, 500, 3]);
    expect(found).toMatchObject({ parameters: trainable + fixed, trainable, output: [1, 500, 500, 21] });
    expect((found.macs / 1e9).toFixed(1)).toBe(billions.toFixed(1));
    expect(String(found).split("\n")[0]).toContain(` parameters (${fixed.toLocaleString("en")} of them fixed), `);
  });

  test("upsamples with fixed bilinear kernels, whatever is frozen and unfrozen", async () => {
    using model = new FCN({ classes: 2, width: 1, hidden: 2 }).to(await testDevice());
    const fixed = (): string[] => [...model.namedVariables()].flatMap(([path, v]) => ("trainable" in v && !v.trainable ? [path] : []));
    expect(fixed()).toEqual(["upscore2.weight", "upscore8.weight", "upscore_pool4.weight"]);
    model.freeze();
    expect(fixed()).toHaveLength(39);
    model.unfreeze();
    expect(fixed()).toHaveLength(3);
    const rows = [0.25, 0.75, 0.75, 0.25];
    const kernel = rows.flatMap((a) => rows.flatMap((b) => [a * b, 0]));
    // [in, kh, kw, out]: each channel to itself.
    expect([...(await model.upscore2!.weight.data())]).toEqual([...kernel, ...kernel.map((_, i) => kernel[i ^ 1])]);
    expect(await model.scoreFr.weight.data()).toEqual(new Float32Array(4));
  });

  test("refuses options that make no sense", () => {
    expect(() => new FCN({ classes: 2, stride: 4 as never })).toThrow("FCN: stride must be 32, 16 or 8 but is 4.");
    expect(() => new FCN({ classes: 2, stride: 16, atOnce: true })).toThrow("FCN: atOnce must be true or false, and true goes with stride 8, not 16.");
    expect(() => new FCN({ classes: 2, width: 0 })).toThrow("FCN: width must be a whole number of at least 1 but is 0.");
    expect(() => new FCN({ clases: 2 } as never)).toThrow('FCN: unknown option "clases". Did you mean "classes"? Options: stride, inChannels, classes, atOnce, width, hidden.');
  });
});
