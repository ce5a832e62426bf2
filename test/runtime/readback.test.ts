import { describe, expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { SegmentationModel } from "../../src/models/segmentation-model.js";
import { add, mul } from "../../src/ops/pointwise.js";
import type { Device } from "../../src/runtime/device.js";
import { openWrapped } from "../support/wrapped-device.js";

/** Each class is a channel of the picture. */
class Channels extends SegmentationModel {
  readonly architecture = "channels";
  readonly multipleOf = 4;
  readonly config = {};

  constructor() {
    super({ inChannels: 5, classes: 5 });
  }

  forward(x: Tensor): Tensor<"f32"> {
    return mul(x, 2) as Tensor<"f32">;
  }
}

/** A device that notes submissions, and the bytes of each copy into a staging buffer. */
async function watchedDevice(): Promise<{ device: Device; log: string[] }> {
  const log: string[] = [];
  const device = await openWrapped({
    intercept(method, args, call) {
      const result = call(...args);
      if (method === "submit") log.push("submit");
      if (method === "createCommandEncoder") {
        const encoder = result as GPUCommandEncoder;
        const copy = encoder.copyBufferToBuffer.bind(encoder) as (...args: unknown[]) => undefined;
        encoder.copyBufferToBuffer = (...given: unknown[]): undefined => {
          if ((given[2] as GPUBuffer).label === "readback") log.push(`read ${given[4] as number} bytes`);
          return copy(...given);
        };
      }
      return result;
    },
  });
  return { device, log };
}

describe("reading back", () => {
  test("a frame does not hold up the next: both are submitted before the first is there", async () => {
    const { device, log } = await watchedDevice();
    const frame = compile((x: Tensor<"f32">) => add(mul(x, x), 1) as Tensor<"f32">);
    const inputs = [3, 4].map((value) => tensor(device, new Float32Array(60).fill(value)));
    await frame.prepare(inputs[0]!);
    log.length = 0;
    const frames = inputs.map((x) => {
      using y = frame(x);
      return y.data().then((data) => log.push(`got ${data[59]}`));
    });
    await Promise.all(frames);
    expect(log).toEqual(["submit", "read 240 bytes", "submit", "submit", "read 240 bytes", "submit", "got 10", "got 17"]);
    for (const x of inputs) x.dispose();
    await device.destroy();
  });

  test("a class map is one byte per pixel, whatever the number of classes", async () => {
    const { device, log } = await watchedDevice();
    const model = new Channels().to(device);
    const { classes } = await model.predict({ data: Uint8Array.from({ length: 18 * 15 * 5 }, (_, i) => (i % 5 === 3 ? 9 : 0)), width: 18, height: 15, channels: 5 });
    expect(classes).toEqual(new Uint8Array(18 * 15).fill(3));
    expect(log.filter((line) => line.startsWith("read"))).toEqual([`read ${20 * 16} bytes`]); // padded to multiples of four
    model.dispose();
    await device.destroy();
  });
});
