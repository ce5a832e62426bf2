import { describe, expect, test } from "vitest";
import { Capture } from "../../src/graph/capture.js";
import { tensor } from "../../src/graph/tensor.js";
import { PyramidPooling } from "../../src/layers/pyramid-pooling.js";
import { dilate } from "../../src/models/encoders/dilate.js";
import { ResNet } from "../../src/models/encoders/resnet.js";
import { testDevice } from "../support/device.js";

// Its numbers stand in test/models/pspnet.test.ts, beside PyTorch's.
describe("PyramidPooling", () => {
  test("goes behind any encoder", () => {
    const encoder = dilate(new ResNet({ depth: 18, width: 4 }), { outputStride: 8 });
    const pooling = new PyramidPooling(encoder.channels.at(-1)!, { bins: [1, 3], levelChannels: 5 });
    expect(pooling.outChannels).toBe(32 + 2 * 5);
    expect([...pooling.namedVariables()].map(([name]) => name).filter((name) => name.endsWith("weight"))).toEqual(["features.0.1.weight", "features.0.2.weight", "features.1.1.weight", "features.1.2.weight"]);
    const capture = new Capture({ shapesOnly: true });
    let shape: readonly number[] = [];
    capture.run(() => void (shape = pooling.eval().forward(encoder.eval().features(capture.input([1, 65, 97, 3], "f32")).at(-1)!).shape));
    expect(shape).toEqual([1, 9, 13, 42]);
  });

  test("keeps x in front of the levels, which know the whole map", async () => {
    const device = await testDevice();
    using pooling = new PyramidPooling(2, { bins: [1], levelChannels: 1, norm: false }).to(device);
    pooling.parameters()[0]!.write(new Float32Array([1, 10]));
    pooling.parameters()[1]!.write(new Float32Array([-5]));
    using x = tensor(device, new Float32Array([1, 2, 3, 4]), [1, 1, 2, 2]);
    using y = pooling.forward(x);
    expect([...(await y.data())]).toEqual([1, 2, 27, 3, 4, 27]);
  });

  test("refuses levels that make no sense", () => {
    expect(() => new PyramidPooling(8, { bins: [] })).toThrow("PyramidPooling: bins must be whole numbers of at least 1, as [1, 2, 3, 6], but is [].");
    expect(() => new PyramidPooling(2)).toThrow("PyramidPooling: levelChannels must be a whole number of at least 1 but is 0.");
  });
});
