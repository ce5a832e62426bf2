import { describe, expect, test } from "vitest";
import { float32ToHalf, fromHalf, halfToFloat32, toHalf } from "../../src/runtime/half.js";

describe("half precision", () => {
  test("every pattern comes back from its number", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = fromHalf(bits);
      if (Number.isNaN(value)) expect((bits & 0x7c00) === 0x7c00 && (bits & 1023) !== 0).toBe(true);
      else if (toHalf(value) !== bits) expect.fail(`${bits}: ${value} became ${toHalf(value)}`);
    }
  });

  test("what lies between two numbers goes to the nearer one, and to the even one from the middle", () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const middle = (fromHalf(bits) + fromHalf(bits + 1)) / 2;
      const found = [toHalf(middle), toHalf(middle * (1 - 1e-12)), toHalf(middle * (1 + 1e-12)), toHalf(-middle) & 0x7fff];
      const even = bits + (bits & 1);
      if (found.join() !== [even, bits, bits + 1, even].join()) expect.fail(`above ${bits}: ${found.join()}`);
    }
  });

  test("too large is infinity, and signs and NaN stay", () => {
    expect([65519.9, 65520, Infinity, -Infinity, -0, 1e-8, NaN].map(toHalf)).toEqual([0x7bff, 0x7c00, 0x7c00, 0xfc00, 0x8000, 0, 0x7e00]);
    expect(halfToFloat32(float32ToHalf([1, -2.5, 1 / 3]))).toEqual(Float32Array.of(1, -2.5, 0.333251953125));
  });
});
