import { describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors, type SafeTensor } from "../../src/io/safetensors.js";
import { loadWeights, modelFromWeights, readWeightsInfo, weightsOf } from "../../src/io/weights.js";
import { UNet } from "../../src/models/unet.js";
import { testDevice } from "../support/device.js";

const small = (): UNet => new UNet({ inChannels: 1, classes: 2, widths: [2, 4] });

async function bytesOf(model = small()): Promise<Uint8Array> {
  using placed = model.to(await testDevice(), { seed: 5 });
  return weightsOf(placed);
}

/** The file with its tensors or metadata changed. */
function edited(bytes: Uint8Array, change: (tensors: Map<string, SafeTensor>, metadata: Record<string, string>) => void): Uint8Array {
  const { tensors, metadata } = readSafetensors(bytes);
  const [t, m] = [new Map(tensors), { ...metadata }];
  change(t, m);
  return writeSafetensors(t, m);
}

describe("weightsOf", () => {
  test("writes PyTorch's names, axes and dtypes", async () => {
    const { tensors, metadata } = readSafetensors(await bytesOf());
    expect(tensors.get("inc.double_conv.0.weight")).toMatchObject({ dtype: "F32", shape: [2, 1, 3, 3] });
    expect(tensors.get("up1.up.weight")).toMatchObject({ dtype: "F32", shape: [4, 2, 2, 2] });
    expect(tensors.get("up1.conv.double_conv.1.running_var")).toMatchObject({ dtype: "F32", shape: [2], data: Float32Array.of(1, 1) });
    expect(tensors.get("inc.double_conv.1.num_batches_tracked")).toMatchObject({ dtype: "I64", shape: [], data: BigInt64Array.of(0n) });
    expect(metadata).toMatchObject({ format: "atrous", formatVersion: "1", architecture: "unet", options: '{"inChannels":1,"classes":2,"widths":[2,4],"bilinear":false,"norm":"batch"}' });
  });

  test("turns kernels from [out, height, width, in] to [out, in, height, width]", async () => {
    const device = await testDevice();
    using model = new UNet({ inChannels: 2, classes: 2, widths: [2, 4] }).to(device);
    const weight = model.inc.doubleConv.layers[0]! as unknown as { weight: { write(data: Float32Array): void } };
    weight.weight.write(Float32Array.from({ length: 36 }, (_, i) => i));
    const { data } = readSafetensors(await weightsOf(model)).tensors.get("inc.double_conv.0.weight")!;
    expect([...(data as Float32Array).slice(0, 20)]).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 1, 3, 5, 7, 9, 11, 13, 15, 17, 18, 20]);
  });
});

describe("loadWeights", () => {
  test("takes prefixes off, and files without batch counts", async () => {
    const device = await testDevice();
    const bytes = await bytesOf();
    const wrapped = edited(bytes, (tensors) => {
      for (const [key, tensor] of [...tensors]) {
        tensors.delete(key);
        if (!key.endsWith("num_batches_tracked")) tensors.set(`module.${key}`, tensor);
      }
    });
    using model = small().to(device, { seed: 9 });
    expect(loadWeights(model, wrapped)).toEqual({ missing: [], unexpected: [] });
    expect(readSafetensors(await weightsOf(model)).tensors).toEqual(readSafetensors(bytes).tensors);
  });

  test("names what is missing, unexpected, or of another shape, and changes nothing", async () => {
    const device = await testDevice();
    const bytes = edited(await bytesOf(), (tensors) => {
      tensors.set("extra", tensors.get("outc.conv.bias")!);
      tensors.set("outc.conv.bias", { dtype: "F32", shape: [3], data: Float32Array.of(1, 2, 3) });
      tensors.delete("up1.up.bias");
    });
    using model = small().to(device, { seed: 9 });
    const before = await weightsOf(model);
    expect(() => loadWeights(model, bytes, { name: "a.safetensors" })).toThrow(
      [
        "a.safetensors does not fit this UNet.",
        "  Entries that differ in shape: outc.conv.bias (file [3], model [2]).",
        "  Entries that are missing: up1.up.bias.",
        "  Entries that are not part of the model: extra.",
      ].join("\n"),
    );
    expect(() => loadWeights(model, bytes, { strict: false })).toThrow("the weights file does not fit this UNet.\n  Entries that differ in shape: outc.conv.bias (file [3], model [2]).");
    expect(await weightsOf(model)).toEqual(before);
    const fitting = edited(bytes, (tensors) => void tensors.delete("outc.conv.bias"));
    expect(loadWeights(model, fitting, { strict: false })).toEqual({ missing: ["up1.up.bias", "outc.conv.bias"], unexpected: ["extra"] });
  });

  test("shortens long lists", async () => {
    const device = await testDevice();
    const bytes = await bytesOf();
    using model = new UNet({ inChannels: 1, classes: 2, widths: [2, 4, 8] }).to(device);
    expect(() => loadWeights(model, bytes)).toThrow(/Entries that are missing: down2\S+, down2\S+, down2\S+, down2\S+ and \d+ more\./);
  });

  test("wants a model on a device", async () => {
    const bytes = await bytesOf();
    expect(() => loadWeights(small(), bytes)).toThrow("is not on a device. Call model.to(device) first.");
  });
});

describe("modelFromWeights", () => {
  test("refuses files that do not say which model they are for", async () => {
    const device = await testDevice();
    const bytes = await bytesOf();
    const make = (change: (metadata: Record<string, string>) => void) => () => modelFromWeights(edited(bytes, (_, metadata) => change(metadata)), device, { name: "w" });
    expect(make((m) => (m["format"] = "pt"))).toThrow("w holds tensors but does not say which model they are for. Make the model yourself and use loadWeights(model, bytes).");
    expect(make((m) => (m["formatVersion"] = "2"))).toThrow("w was written by a later version of atrous (format 2; this one reads up to 1). Update atrous.");
    expect(make((m) => (m["options"] = "{"))).toThrow('w has a damaged description: "options" cannot be read.');
    expect(make((m) => (m["architecture"] = "vnet"))).toThrow('w describes a model that cannot be made: There is no model "vnet". Did you mean "unet"? Models: unet, unet-original, segnet, ');
    expect(make((m) => (m["options"] = '{"classes":3,"inChannels":1,"widths":[2,4]}'))).toThrow(/^w describes a model that cannot be made: UNet: classInfo must name 3 classes but names 2\./);
    expect(make((m) => Object.assign(m, { architecture: "fcn-resnet", options: '{"classes":2,"inChannels":1,"blocks":[1,1,1,1000000000]}' }))).toThrow("w describes a model that cannot be made: ResNet: blocks must be four whole numbers of 1 to 256 but is [1,1,1,1000000000].");
    // A description that asks for far more than the file holds is refused before any memory is.
    expect(make((m) => (m["options"] = '{"classes":2,"inChannels":1,"widths":[2,1000000000]}'))).toThrow(/^w does not fit this UNet\./);
  });

  test("refuses damaged files by name", async () => {
    const device = await testDevice();
    const bytes = await bytesOf();
    expect(() => modelFromWeights(bytes.subarray(0, bytes.length - 10), device, { name: "cut.safetensors" })).toThrow(/^cut\.safetensors cannot be read as safetensors: it is cut off/);
    expect(() => modelFromWeights(new Uint8Array(0), device)).toThrow("the weights file cannot be read as safetensors: it is empty.");
  });
});

test("readWeightsInfo looks into files with and without a description", async () => {
  const bytes = await bytesOf();
  const info = readWeightsInfo(bytes);
  expect(info.description).toMatchObject({ architecture: "unet", classes: [{ name: "background" }, { name: "foreground" }], normalisation: { mean: [0], std: [1] } });
  expect(info.parameters).toBe(small().parameterCount());
  expect(readWeightsInfo(edited(bytes, (_, m) => (m["format"] = "pt"))).description).toBeUndefined();
});
