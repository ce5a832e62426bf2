import { map, type NdArray } from "./ndarray.js";

export interface DropoutOptions {
  rate?: number;
  seed?: number;
  key?: number;
}

function pcg(v: number): number {
  const state = (Math.imul(v, 747796405) + 2891336453) >>> 0;
  const word = Math.imul(((state >>> ((state >>> 28) + 4)) ^ state) >>> 0, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}

/** Whether unit number `unit` is kept in a given step. */
export function kept(unit: number, step: number, { rate = 0.5, seed = 0, key = 0 }: DropoutOptions): boolean {
  const first = pcg((step + pcg((key + pcg(seed >>> 0)) >>> 0)) >>> 0);
  const second = pcg((first ^ 0x9e3779b9) >>> 0);
  const hash = pcg((pcg((unit ^ first) >>> 0) + second) >>> 0);
  return hash >= Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
}

const scaled = (v: number, rate: number): number => (rate < 1 ? v / (1 - rate) : 0);

export function dropout({ x }: { x: NdArray }, options: DropoutOptions): NdArray {
  return map(x, (v, i) => (kept(i, 0, options) ? scaled(v, options.rate ?? 0.5) : 0));
}

export function dropout2d({ x }: { x: NdArray }, options: DropoutOptions): NdArray {
  const [, h = 0, w = 0, c = 0] = x.shape;
  return map(x, (v, i) => (kept(Math.floor(i / (h * w * c)) * c + (i % c), 0, options) ? scaled(v, options.rate ?? 0.5) : 0));
}
