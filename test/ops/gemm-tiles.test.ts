// Which tiles are chosen, and what is counted of them; no adapter is needed.
import { describe, expect, test } from "vitest";
import { lowerConv2d, lowerConv2dInputGradient, lowerConv2dWeightGradient, type Conv2dParams } from "../../src/kernels/conv2d.js";
import { gemmFigures } from "../../src/kernels/gemm-figures.js";
import { tileFor, tilesOf, type Work } from "../../src/kernels/gemm-tiles.js";
import type { AdapterTraits, KernelCall, Lowering, Operand } from "../../src/kernels/lowering.js";

const map = (...shape: number[]): Operand => ({ shape, dtype: "f32" });
const options: Conv2dParams = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1, activation: "none" };

/** The dispatches of `lower` on a GPU with this much workgroup memory. */
function calls(lower: (low: Lowering) => void, traits: Partial<AdapterTraits> = {}, bytes = 49152): KernelCall[] {
  const ran: KernelCall[] = [];
  const limits = { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: bytes, maxStorageBufferBindingSize: 2 ** 31 };
  lower({ adapter: { software: false, features: new Set(), limits, ...traits }, temp: (shape, dtype = "f32") => ({ shape, dtype }), run: (call) => ran.push(call) });
  return ran;
}

const chosen = (work: Work, traits: Partial<AdapterTraits> = {}, bytes = 49152): string | undefined => {
  let name: string | undefined;
  calls((low) => (name = tileFor(low, () => work, "rows")?.name), traits, bytes);
  return name;
};

describe("the tile of a product", () => {
  test("is large for much work and small, or cut along k, for few tiles", () => {
    expect(chosen({ m: 4753, n: 728, k: 728, planes: 1 })).toBe("128x128x16");
    expect(chosen({ m: 65536, n: 32, k: 288, planes: 1 })).toBe("128x32x16");
    expect(chosen({ m: 262144, n: 12, k: 256, planes: 1 })).toBe("128x16x16");
    expect(chosen({ m: 64, n: 256, k: 2048, planes: 1 })).toBe("32x32x16x4");
  });
  test("fits the workgroup memory and the threads of the adapter", () => {
    const names = (bytes: number): string[] => {
      let found: string[] = [];
      calls((low) => (found = tilesOf(low, "rows").map(({ name, constants }) => `${name}/${constants.BUFFERS}`)), {}, bytes);
      return found;
    };
    expect(names(49152)).toContain("128x128x16/2");
    expect(names(16384)).toEqual(["128x128x16/1", "128x64x16/1", "64x128x16/1", "64x64x16/1", "128x32x16/1", "128x16x16/1", "32x32x16/1", "64x64x16x2/1", "32x32x16x2/1", "32x32x16x4/1"]);
  });
  test("is none for little work, on software adapters, and where a test asks for other kernels", () => {
    const work = { m: 4753, n: 728, k: 728, planes: 1 };
    expect(chosen({ m: 16, n: 64, k: 64, planes: 1 })).toBeUndefined();
    expect(chosen(work, { software: true })).toBeUndefined();
    expect(chosen(work, { variant: "direct" })).toBeUndefined();
    expect(chosen(work, { variant: "tiled:64x32x16", software: true })).toBe("128x128x16");
    expect(chosen(work, { variant: "tiled:64x64x16", software: true })).toBe("64x64x16");
  });
});

describe("a tiled convolution's figures", () => {
  const figures = (lower: (low: Lowering) => void, variant?: string): unknown[] => calls(lower, { variant }).flatMap((call) => gemmFigures(call) ?? []);

  test("of a 3×3 convolution", () => {
    const [x, weight, out] = [map(1, 128, 128, 256), map(256, 3, 3, 256), map(1, 128, 128, 256)];
    expect(figures((low) => lowerConv2d(low, { x, weight }, { out }, options))).toEqual([{
      workgroupBytes: 32768, accumulatorsPerThread: 64, operandsPerThread: 36 + 16, fmaPerSharedFloat: 4, barriers: 145,
      // 256 tiles, 144 steps of 256 lines of 16; the result.
      globalBytes: 4 * (256 * 144 * 256 * 16 + 128 * 128 * 256),
    }]);
  });
  test("of its gradients", () => {
    const [x, weight, grad] = [map(1, 128, 128, 64), map(64, 3, 3, 64), map(1, 64, 64, 64)];
    const strided: Conv2dParams = { ...options, stride: [2, 2] };
    // Nine taps of 64 channels, a quarter of them for each parity: 9 steps. Chunks of 256 pixels: 16 steps.
    expect(figures((low) => lowerConv2dInputGradient(low, { grad, weight }, { out: x }, strided), "tiled:64x64x16")).toMatchObject([{ barriers: 10 }]);
    expect(figures((low) => lowerConv2dWeightGradient(low, { x, grad }, { out: weight }, strided), "tiled:64x64x16")).toMatchObject([{ barriers: 17 }]);
  });
  test("of other kernels there are none", () => {
    const few = calls((low) => lowerConv2d(low, { x: map(1, 4, 4, 4), weight: map(4, 3, 3, 4) }, { out: map(1, 4, 4, 4) }, options));
    expect(few.filter((call) => gemmFigures(call) !== undefined)).toEqual([]);
  });
});
