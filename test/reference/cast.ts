import { map, type NdArray } from "./ndarray.js";

const ranges = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1], u8: [0, 255] } as const;

export function cast({ x }: { x: NdArray }, { dtype }: { dtype: "f32" | "i32" | "u32" | "u8" }): NdArray {
  // A float stays as it is, also where central differences put it between two f32.
  if (dtype === "f32") return x;
  const [low, high] = ranges[dtype];
  return map(x, (v) => (Number.isNaN(v) ? 0 : Math.min(Math.max(Math.trunc(v), low), high) + 0));
}
