import { describe, expect, test } from "vitest";
import { copyToBuffer, tensorFromBuffer } from "../../src/graph/interop.js";
import { tensor } from "../../src/graph/tensor.js";
import { relu } from "../../src/ops/pointwise.js";
import { BufferUsage } from "../../src/runtime/gpu.js";
import { testDevice } from "../support/device.js";

const { COPY_DST, COPY_SRC, STORAGE } = BufferUsage;

describe("buffers of the program", () => {
  test("become tensors and take tensors", async () => {
    const device = await testDevice();
    const buffer = device.gpu.createBuffer({ size: 32, usage: COPY_SRC | COPY_DST | STORAGE });
    device.gpu.queue.writeBuffer(buffer, 0, Float32Array.of(-1, 2, -3, 4, -5, 6, 7, -8));
    using x = tensorFromBuffer(device, buffer, [2, 2], "f32", { offset: 8 });
    expect(await x.data()).toEqual(Float32Array.of(-3, 4, -5, 6));
    using y = relu(x);
    copyToBuffer(y, buffer, { offset: 16 });
    y.dispose();
    using all = tensorFromBuffer(device, buffer, [8], "f32");
    expect(await all.data()).toEqual(Float32Array.of(-1, 2, -3, 4, 0, 4, 0, 6));
    buffer.destroy();
  });

  test("are refused where they do not fit", async () => {
    const device = await testDevice();
    const buffer = device.gpu.createBuffer({ size: 16, usage: STORAGE });
    const { tensors } = device.memory();
    expect(() => tensorFromBuffer(device, buffer, [4], "f32")).toThrow("tensorFromBuffer: the buffer was created without the usage COPY_SRC.");
    buffer.destroy();
    const source = device.gpu.createBuffer({ size: 16, usage: COPY_SRC });
    expect(() => tensorFromBuffer(device, source, [5], "f32")).toThrow("tensorFromBuffer: 20 bytes from 0 reach beyond the buffer, which has 16.");
    expect(() => tensorFromBuffer(device, source, [2], "u8", { offset: 3 })).toThrow("tensorFromBuffer: the offset must be a multiple of 4 bytes but is 3.");
    source.destroy();
    expect(device.memory().tensors).toBe(tensors);
    const gone = tensor(device, [1]);
    gone.dispose();
    const target = device.gpu.createBuffer({ size: 16, usage: COPY_DST });
    expect(() => copyToBuffer(gone, target)).toThrow("copyToBuffer: the tensor was disposed.");
    target.destroy();
  });
});
