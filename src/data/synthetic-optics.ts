import type { Random } from "./random.js";

/** How the microscope and its camera spoil a picture. */
export interface Optics {
  /** Standard deviation of the blur in pixels. */
  readonly blur: number;
  /** Brightness lost across the field along a slope, and towards the corners, 0 … 1. */
  readonly slope: readonly [number, number];
  readonly vignette: number;
  /** Noise that grows with the root of the light, and noise that is always there; parts of full range. */
  readonly shotNoise: number;
  readonly readNoise: number;
}

export function drawOptics(random: Random): Optics {
  const direction = random.between(0, 2 * Math.PI);
  const steepness = random.between(0, 0.28);
  return {
    blur: random.between(0.3, 1.1),
    slope: [steepness * Math.cos(direction), steepness * Math.sin(direction)],
    vignette: random.between(0, 0.3),
    shotNoise: random.between(0.01, 0.05),
    readNoise: random.between(0.004, 0.02),
  };
}

/** Blurs `planes` channels of interleaved pixels with a Gaussian, borders repeated. */
function gaussianBlur(pixels: Float32Array, width: number, height: number, planes: number, deviation: number): Float32Array {
  const reach = Math.ceil(2.5 * deviation);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)));
  const total = kernel.reduce((a, b) => a + b, 0);
  const pass = (from: Float32Array, length: number, step: number, lines: number, stride: number): Float32Array => {
    const to = new Float32Array(from.length);
    for (let line = 0; line < lines; line++)
      for (let i = 0; i < length; i++)
        for (let c = 0; c < planes; c++) {
          let sum = 0;
          for (let k = -reach; k <= reach; k++) sum += kernel[k + reach]! * from[line * stride + Math.min(length - 1, Math.max(0, i + k)) * step + c]!;
          to[line * stride + i * step + c] = sum / total;
        }
    return to;
  };
  const across = pass(pixels, width, planes, height, width * planes);
  return pass(across, height, width * planes, width, planes);
}

/** Light in 0 … 1 (interleaved RGB) to the bytes that a camera gives: blur, uneven light, noise, rounding. */
export function photograph(light: Float32Array, width: number, height: number, optics: Optics, random: Random, monochrome: boolean): Uint8Array {
  const seen = gaussianBlur(light, width, height, 3, optics.blur);
  const out = new Uint8Array(seen.length);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [u, v] = [(2 * x) / width - 1, (2 * y) / height - 1];
      const illumination = 1 + optics.slope[0] * u + optics.slope[1] * v - (optics.vignette * (u * u + v * v)) / 2;
      const shared = random.normal();
      for (let c = 0; c < 3; c++, at++) {
        const value = Math.max(0, seen[at]! * illumination);
        const noise = monochrome ? shared : random.normal();
        const sigma = Math.sqrt(optics.shotNoise ** 2 * value + optics.readNoise ** 2);
        out[at] = Math.max(0, Math.min(255, Math.round(255 * (value + sigma * noise))));
      }
    }
  return out;
}
