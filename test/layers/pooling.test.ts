import { describe, expect, test } from "vitest";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import {
  AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, GlobalAvgPool2d, GlobalMaxPool2d, LpPool2d, MaxPool2d, MaxUnpool2d,
} from "../../src/layers/pooling.js";
import { testDevice } from "../support/device.js";

async function read(out: Tensor): Promise<[readonly number[], number[]]> {
  using taken = out;
  return [taken.shape, [...(await taken.data())]];
}

describe("pooling layers", () => {
  test("pass their options on", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
    expect(await read(new MaxPool2d({ kernelSize: 2, stride: 1 }).forward(x))).toEqual([[1, 1, 2, 1], [5, 6]]);
    expect(await read(new AvgPool2d({ kernelSize: 2, ceilMode: true, divisorOverride: 2 }).forward(x))).toEqual([[1, 1, 2, 1], [6, 4.5]]);
    expect(await read(new LpPool2d({ normType: Infinity, kernelSize: [1, 3] }).forward(x))).toEqual([[1, 2, 1, 1], [3, 6]]);
    expect(await read(new AdaptiveAvgPool2d({ outputSize: [null, 1] }).forward(x))).toEqual([[1, 2, 1, 1], [2, 5]]);
    expect(await read(new AdaptiveMaxPool2d({ outputSize: [1, 2] }).forward(x))).toEqual([[1, 1, 2, 1], [5, 6]]);
    expect(await read(new GlobalAvgPool2d().forward(x))).toEqual([[1, 1, 1, 1], [3.5]]);
    expect(await read(new GlobalMaxPool2d().forward(x))).toEqual([[1, 1, 1, 1], [6]]);
  });

  test("unpooling goes back to the size that was pooled", async () => {
    const device = await testDevice();
    using x = tensor(device, [1, 2, 3, 6, 5, 4], [1, 2, 3, 1]);
    const { out, indices } = new MaxPool2d({ kernelSize: 2 }).forwardWithIndices(x);
    expect(await read(new MaxUnpool2d({ kernelSize: 2 }).forward(out, indices, [2, 3]))).toEqual([[1, 2, 3, 1], [0, 0, 0, 6, 0, 0]]);
    out.dispose();
    indices.dispose();
  });

  test("refuse bad options when they are made", () => {
    expect(() => new MaxPool2d({ kernelSize: 2, padding: 2 })).toThrow("MaxPool2d: padding [2, 2] is more than half of kernelSize [2, 2].");
    expect(() => new MaxPool2d({ size: 2 } as never)).toThrow('MaxPool2d: unknown option "size". Options: kernelSize, stride, padding, dilation, ceilMode.');
    expect(() => new AvgPool2d({ kernelSize: 0 })).toThrow("AvgPool2d: kernelSize must be a whole number of at least 1, or two of them [vertical, horizontal], but is 0.");
    expect(() => new AvgPool2d({ kernelSize: 2, divisorOverride: -1 })).toThrow("AvgPool2d: divisorOverride must be a whole number of at least 1 but is -1.");
    expect(() => new LpPool2d({ kernelSize: 2, normType: 0 })).toThrow("LpPool2d: normType must be a number from 1 to 1000000, or Infinity, but is 0.");
    expect(() => new MaxUnpool2d({ kernelSize: 2, stride: 0 })).toThrow("MaxUnpool2d: stride must be a whole number of at least 1, or two of them [vertical, horizontal], but is 0.");
    expect(() => new AdaptiveAvgPool2d({} as never)).toThrow("AdaptiveAvgPool2d: outputSize must be a whole number of at least 1, or two of them [vertical, horizontal], but is undefined.");
    expect(() => new AdaptiveMaxPool2d({ outputSize: [2, -1] })).toThrow("AdaptiveMaxPool2d: outputSize must be a whole number of at least 1, or two of them [vertical, horizontal], but is [2,-1].");
  });
});
