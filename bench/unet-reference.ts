import type { Shape } from "../src/runtime/shape.js";

/** A feature map [n, h, w, c] in double precision. */
export interface Map64 {
  readonly shape: readonly [n: number, h: number, w: number, c: number];
  readonly data: Float64Array;
}

/** A parameter: convolution weights OHWI, transposed ones [in, kh, kw, out]. */
export interface Weight {
  readonly shape: Shape;
  readonly data: Float64Array;
}

const map = (shape: Map64["shape"]): Map64 => ({ shape, data: new Float64Array(shape[0] * shape[1] * shape[2] * shape[3]) });

/** Convolution of odd kernel size, stride 1 and "same" padding, with bias and, if asked, ReLU. */
function convolve({ shape: [n, h, w, c], data }: Map64, weight: Weight, bias: Weight, relu: boolean): Map64 {
  const [o = 0, kh = 0, kw = 0] = weight.shape;
  // Output channels innermost, so that the inner loop walks both arrays.
  const packed = new Float64Array(weight.data.length);
  for (let i = 0; i < o; i++) for (let k = 0; k < kh * kw * c; k++) packed[k * o + i] = weight.data[i * kh * kw * c + k]!;
  const out = map([n, h, w, o]);
  const row = new Float64Array(o);
  for (let b = 0; b < n; b++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        row.set(bias.data);
        for (let ky = 0; ky < kh; ky++) {
          const py = y + ky - (kh - 1) / 2;
          if (py < 0 || py >= h) continue;
          for (let kx = 0; kx < kw; kx++) {
            const px = x + kx - (kw - 1) / 2;
            if (px < 0 || px >= w) continue;
            const from = ((b * h + py) * w + px) * c;
            for (let k = 0; k < c; k++) {
              const v = data[from + k]!;
              const at = ((ky * kw + kx) * c + k) * o;
              for (let i = 0; i < o; i++) row[i]! += v * packed[at + i]!;
            }
          }
        }
        out.data.set(relu ? row.map((v) => Math.max(0, v)) : row, ((b * h + y) * w + x) * o);
      }
  return out;
}

function pool({ shape: [n, h, w, c], data }: Map64): Map64 {
  const out = map([n, h / 2, w / 2, c]);
  for (let i = 0; i < out.data.length; i++) {
    const cell = Math.floor(i / c);
    const x = cell % (w / 2);
    const y = Math.floor(cell / (w / 2)); // rows of all images: h is even
    const at = (2 * y * w + 2 * x) * c + (i % c);
    out.data[i] = Math.max(data[at]!, data[at + c]!, data[at + w * c]!, data[at + (w + 1) * c]!);
  }
  return out;
}

/** Transposed convolution, 2×2 and stride 2: every pixel becomes four. */
function up({ shape: [n, h, w, c], data }: Map64, weight: Weight, bias: Weight): Map64 {
  const o = weight.shape[3]!;
  const out = map([n, 2 * h, 2 * w, o]);
  for (let y = 0; y < 2 * n * h; y++)
    for (let x = 0; x < 2 * w; x++)
      for (let i = 0; i < o; i++) {
        let sum = bias.data[i]!;
        const from = ((y >> 1) * w + (x >> 1)) * c;
        for (let k = 0; k < c; k++) sum += data[from + k]! * weight.data[((k * 2 + (y % 2)) * 2 + (x % 2)) * o + i]!;
        out.data[(y * 2 * w + x) * o + i] = sum;
      }
  return out;
}

function join(a: Map64, b: Map64): Map64 {
  const [n, h, w, c] = a.shape;
  const [d, both] = [b.shape[3], c + b.shape[3]];
  const out = map([n, h, w, both]);
  for (let cell = 0; cell < n * h * w; cell++) {
    out.data.set(a.data.subarray(cell * c, (cell + 1) * c), cell * both);
    out.data.set(b.data.subarray(cell * d, (cell + 1) * d), cell * both + c);
  }
  return out;
}

/** Logits of the U-Net without normalisation: `weights` are its parameters in the order of its state dict. */
export function unetLogits(image: Map64, weights: readonly Weight[], levels: number): Map64 {
  let next = 0;
  const take = (): Weight => weights[next++]!;
  const twice = (x: Map64): Map64 => convolve(convolve(x, take(), take(), true), take(), take(), true);
  const skips: Map64[] = [];
  let h = twice(image);
  for (let level = 1; level < levels; level++) {
    skips.push(h);
    h = twice(pool(h));
  }
  while (skips.length > 0) h = twice(join(skips.pop()!, up(h, take(), take())));
  return convolve(h, take(), take(), false);
}

/** Mean over pixels of −log softmax(logits)[label]. */
export function meanCrossEntropy({ shape, data }: Map64, labels: Uint32Array): number {
  const classes = shape[3];
  let sum = 0;
  labels.forEach((label, pixel) => {
    const row = data.subarray(pixel * classes, (pixel + 1) * classes);
    const largest = Math.max(...row);
    sum += Math.log(row.reduce((total, v) => total + Math.exp(v - largest), 0)) - (row[label]! - largest);
  });
  return sum / labels.length;
}
