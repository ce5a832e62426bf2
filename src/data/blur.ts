import { mirror } from "./mirror.js";

/**
 * Blurs an RGB image in place with a Gaussian of deviation `sigma` pixels, mirrored at its borders. The kernel has 2r + 1 taps, where OpenCV
 * relates radius and deviation (σ = 0.3(r − 1) + 0.8): 5 for σ = 1.1.
 *
 * @param image `[height, width, 3]`
 */
export function blur(image: Uint8Array, width: number, height: number, sigma: number): void {
  const radius = Math.max(1, Math.round((sigma - 0.8) / 0.3 + 1));
  const taps = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)));
  const total = taps.reduce((a, b) => a + b);
  const kernel = taps.map((tap) => tap / total);
  const rows = new Float32Array(image.length);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 3)
      kernel.forEach((tap, k) => {
        const from = (y * width + mirror(x + k - radius, width)) * 3;
        for (let c = 0; c < 3; c++) rows[at + c]! += tap * image[from + c]!;
      });
  const sums = new Float32Array(3);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 3) {
      sums.fill(0.5); // turns cutting into rounding
      kernel.forEach((tap, k) => {
        const from = (mirror(y + k - radius, height) * width + x) * 3;
        for (let c = 0; c < 3; c++) sums[c]! += tap * rows[from + c]!;
      });
      for (let c = 0; c < 3; c++) image[at + c] = sums[c]!;
    }
}
