import { describe, expect, test } from "vitest";
import { createDevice, Device, ImageError, relu, tensor } from "../src/index.js";
import { testDevice } from "./support/device.js";
import { platform } from "./support/tier.js";

describe.runIf(platform() === "node")("createDevice of \"atrous\" in Node", () => {
  test("says where the other one is", async () => {
    await expect(createDevice()).rejects.toThrow('createDevice of "atrous" is for browsers: in Node, import it from "atrous/node".');
  });
});

describe("createDevice", () => {
  test("adopts a device and leaves it alive", async () => {
    const { gpu } = await testDevice();
    const device = await createDevice({ gpuDevice: gpu });
    const x = tensor(device, [-1, 2]);
    const y = relu(x);
    expect(await y.data()).toEqual(Float32Array.of(0, 2));
    x.dispose();
    y.dispose();
    await device.destroy();
    using again = tensor(await testDevice(), [3]);
    expect(await again.item()).toBe(3);
  });

  test("refuses what it does not know", async () => {
    await expect(createDevice({ power: "low" } as object)).rejects.toThrow('createDevice: unknown option "power".');
  });
});

describe.runIf(platform() === "browser")("createDevice in a browser", () => {
  const png = async (): Promise<Blob> => {
    const canvas = new OffscreenCanvas(3, 2);
    const context = canvas.getContext("2d")!;
    context.fillStyle = "rgb(10, 20, 30)";
    context.fillRect(0, 0, 3, 2);
    return canvas.convertToBlob({ type: "image/png" });
  };

  test("opens a device that reads images", async () => {
    const device = await createDevice({ powerPreference: "low-power" });
    expect(device).toBeInstanceOf(Device);
    expect(device.adapter.name).not.toBe("");
    const blob = await png();
    for (const source of [blob, URL.createObjectURL(blob)]) {
      const { data, width, height, channels } = await device.readImage(source);
      expect([width, height, channels, ...data.subarray(20)]).toEqual([3, 2, 4, 10, 20, 30, 255]);
    }
    await device.destroy();
  });

  test("names images that cannot be read", async () => {
    const device = await createDevice();
    await expect(device.readImage(new File(["words"], "words.png"))).rejects.toThrow(new ImageError("words.png is not an image that this browser can read."));
    await expect(device.readImage("http://127.0.0.1:9/x.png")).rejects.toThrow("http://127.0.0.1:9/x.png could not be loaded: the network or the other site's permissions (CORS) are in the way.");
    await device.destroy();
  });
});
