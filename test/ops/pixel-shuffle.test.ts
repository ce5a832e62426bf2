import { expect, test } from "vitest";
import { compile } from "../../src/graph/compile.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { PixelShuffle, PixelUnshuffle } from "../../src/layers/pixel-shuffle.js";
import { pixelShuffle, pixelUnshuffle, type PixelShuffleOptions, type PixelUnshuffleOptions } from "../../src/ops/pixel-shuffle.js";
import * as reference from "../reference/pixel-shuffle.js";
import { testDevice } from "../support/device.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("pixelShuffle", ({ x }, o: PixelShuffleOptions) => pixelShuffle(x, o), reference.pixelShuffle, [
  { x: [1, 2, 3, 4], options: { upscaleFactor: 2 } },
  { x: [2, 3, 5, 12], options: { upscaleFactor: 2 } },
  { x: [1, 5, 3, 16], options: { upscaleFactor: 2 } },
  { x: [1, 2, 3, 9], options: { upscaleFactor: 3 } },
  { x: [2, 1, 1, 18], options: { upscaleFactor: 3 } },
  { x: [1, 3, 2, 16], options: { upscaleFactor: 4 } },
  { x: [1, 1, 1, 64], options: { upscaleFactor: 4 } },
  { x: [1, 3, 4, 5], options: { upscaleFactor: 1 }, name: "by 1: a copy" },
  { x: [1, 7, 1, 25], options: { upscaleFactor: 5 } },
  { x: { shape: [1, 3, 5, 8], classes: 99 }, options: { upscaleFactor: 2 }, name: "labels" },
]);

testOp("pixelUnshuffle", ({ x }, o: PixelUnshuffleOptions) => pixelUnshuffle(x, o), reference.pixelUnshuffle, [
  { x: [1, 4, 6, 1], options: { downscaleFactor: 2 } },
  { x: [2, 6, 10, 3], options: { downscaleFactor: 2 } },
  { x: [1, 10, 6, 4], options: { downscaleFactor: 2 } },
  { x: [1, 6, 9, 1], options: { downscaleFactor: 3 } },
  { x: [2, 3, 3, 2], options: { downscaleFactor: 3 } },
  { x: [1, 12, 8, 1], options: { downscaleFactor: 4 } },
  { x: [1, 4, 4, 4], options: { downscaleFactor: 4 } },
  { x: [1, 3, 4, 5], options: { downscaleFactor: 1 }, name: "by 1: a copy" },
  { x: [1, 35, 5, 1], options: { downscaleFactor: 5 } },
  { x: { shape: [1, 6, 10, 2], dtype: "i32", low: -9, high: 9 }, options: { downscaleFactor: 2 }, name: "signed labels" },
]);

test("each undoes the other", async () => {
  const device = await testDevice();
  using x = tensor(device, Float32Array.from({ length: 2 * 3 * 5 * 8 }, (_, i) => i), [2, 3, 5, 8]);
  const both = compile((t: Tensor<"f32">) => pixelUnshuffle(pixelShuffle(t, { upscaleFactor: 2 }), { downscaleFactor: 2 }));
  using out = both(x);
  expect(out.shape).toEqual(x.shape);
  expect([...(await out.data())]).toEqual([...(await x.data())]);
  both.dispose();
});

test("layers check their factor when they are made", async () => {
  const device = await testDevice();
  using x = tensor(device, [1, 2, 3, 4], [1, 1, 1, 4]);
  using up = new PixelShuffle({ upscaleFactor: 2 }).forward(x);
  expect([up.shape, [...(await up.data())]]).toEqual([[1, 2, 2, 1], [1, 2, 3, 4]]);
  using down = new PixelUnshuffle({ downscaleFactor: 2 }).forward(up);
  expect([down.shape, [...(await down.data())]]).toEqual([[1, 1, 1, 4], [1, 2, 3, 4]]);
  expect(() => new PixelShuffle({ upscaleFactor: 0 })).toThrow("PixelShuffle: upscaleFactor must be a whole number of at least 1 but is 0.");
  expect(() => new PixelUnshuffle({ upscaleFactor: 2 } as never)).toThrow('PixelUnshuffle: unknown option "upscaleFactor". Did you mean "downscaleFactor"? Options: downscaleFactor.');
});

testErrors("pixelShuffle", [
  ["channels that do not divide", { x: [1, 2, 2, 6] }, ({ x }) => pixelShuffle(x!, { upscaleFactor: 2 }), "pixelShuffle: x must have a multiple of 4 channels (upscaleFactor 2, squared) but has 6.\n  x  [1, 2, 2, 6]  NHWC"],
  ["a factor of one half", { x: [1, 2, 2, 4] }, ({ x }) => pixelShuffle(x!, { upscaleFactor: 0.5 }), "pixelShuffle: upscaleFactor must be a whole number of at least 1 but is 0.5."],
  ["no factor", { x: [1, 2, 2, 4] }, ({ x }) => pixelShuffle(x!, {} as never), "pixelShuffle: upscaleFactor must be a whole number of at least 1 but is undefined."],
  ["bytes", { x: { shape: [1, 2, 2, 4], dtype: "u8" } }, ({ x }) => pixelShuffle(x!, { upscaleFactor: 2 }), 'pixelShuffle: x must be f32, f16, i32 or u32 but is u8. Convert with cast(x, "u32").'],
  ["a plane that does not divide", { x: [1, 4, 3, 1] }, ({ x }) => pixelUnshuffle(x!, { downscaleFactor: 2 }), "pixelUnshuffle: height and width of x must be multiples of downscaleFactor 2.\n  x  [1, 4, 3, 1]  NHWC"],
  ["too few axes", { x: [4, 3, 1] }, ({ x }) => pixelUnshuffle(x!, { downscaleFactor: 2 }), "pixelUnshuffle: x must have 4 axes (NHWC) but has 3.\n  x  [4, 3, 1]"],
]);
