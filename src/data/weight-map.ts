import { checkOptions, DataError, OptionError } from "../runtime/errors.js";

export interface BorderWeightOptions {
  /** Weight of a border where two objects touch, before it falls off (w0). Default 10. */
  strength?: number | undefined;
  /** How far it reaches, in pixels (σ). Default 5. */
  sigma?: number | undefined;
  /** Weights of background and objects (w_c); "balanced": pixels / (2 · pixels of the class). Default [1, 1]. */
  classWeights?: readonly [number, number] | "balanced" | undefined;
}

/**
 * The pixel weights of U-Net (Ronneberger, Fischer & Brox 2015, equation 2), which make a network keep touching objects apart:
 *
 *     w(x) = w_c(x) + w0 · exp(−(d1(x) + d2(x))² / (2σ²))
 *
 * where d1 and d2 are the distances from a pixel of the background to the nearest and the second nearest object, exact and between pixel
 * centres. Pixels of objects get w_c alone, as does the background of images with fewer than two objects. For `pixelWeight` of `crossEntropy`.
 *
 * @param instances which object each pixel belongs to, rows first: 0 for background, any other number for an object
 * @returns `[height, width]`
 * @throws DataError when the map does not have width · height values, OptionError for options out of range
 */
export function borderWeights(instances: ArrayLike<number>, width: number, height: number, options: BorderWeightOptions = {}): Float32Array {
  checkOptions("borderWeights", options, ["strength", "sigma", "classWeights"]);
  const { strength = 10, sigma = 5, classWeights = [1, 1] } = options;
  if (instances.length !== width * height) throw new DataError(`borderWeights: a map of ${width}x${height} has ${width * height} values, but this one has ${instances.length}.`);
  if (!(strength >= 0 && strength < Infinity)) throw new OptionError(`borderWeights: strength must be a number of at least 0, not ${strength}.`);
  if (!(sigma > 0 && sigma < Infinity)) throw new OptionError(`borderWeights: sigma must be a number above 0, not ${sigma}.`);
  const [background, object] = classWeights === "balanced" ? balanced(instances) : classWeights;
  if (!(background >= 0 && object >= 0)) throw new OptionError(`borderWeights: classWeights must be two numbers of at least 0, or "balanced", not [${background}, ${object}].`);
  const out = Float32Array.from(instances, (id) => (id === 0 ? background : object));
  const ids = [...new Set(Array.from(instances))].filter((id) => id !== 0);
  if (ids.length < 2 || strength === 0) return out;
  const nearest = new Float64Array(instances.length).fill(Infinity);
  const second = new Float64Array(instances.length).fill(Infinity);
  for (const id of ids) {
    const distance = squaredDistances(instances, id, width, height);
    for (let i = 0; i < distance.length; i++) {
      const d = distance[i]!;
      if (d < nearest[i]!) [nearest[i], second[i]] = [d, nearest[i]!];
      else if (d < second[i]!) second[i] = d;
    }
  }
  for (let i = 0; i < out.length; i++)
    if (instances[i] === 0) out[i]! += strength * Math.exp(-((Math.sqrt(nearest[i]!) + Math.sqrt(second[i]!)) ** 2) / (2 * sigma ** 2));
  return out;
}

/** Weights that make both classes count the same; 1 where one of them is missing. */
function balanced(instances: ArrayLike<number>): readonly [number, number] {
  const background = Array.from(instances).filter((id) => id === 0).length;
  const object = instances.length - background;
  return background > 0 && object > 0 ? [instances.length / (2 * background), instances.length / (2 * object)] : [1, 1];
}

/** Squared distance of every pixel to the nearest one of object `id`: columns first, then rows by lower envelopes of parabolas (Felzenszwalb & Huttenlocher 2012). */
function squaredDistances(instances: ArrayLike<number>, id: number, width: number, height: number): Float64Array {
  const out = new Float64Array(width * height);
  for (let x = 0; x < width; x++) {
    let last = -Infinity;
    for (let y = 0; y < height; y++) {
      if (instances[y * width + x] === id) last = y;
      out[y * width + x] = (y - last) ** 2;
    }
    last = Infinity;
    for (let y = height - 1; y >= 0; y--) {
      if (instances[y * width + x] === id) last = y;
      out[y * width + x] = Math.min(out[y * width + x]!, (last - y) ** 2);
    }
  }
  const row = new Float64Array(width);
  const apex = new Int32Array(width);
  const from = new Float64Array(width + 1);
  for (let y = 0; y < height; y++) {
    row.set(out.subarray(y * width, (y + 1) * width));
    let count = 0;
    for (let x = 0; x < width; x++) {
      if (row[x] === Infinity) continue;
      let begins = -Infinity;
      for (; count > 0; count--) {
        const other = apex[count - 1]!;
        begins = (row[x]! + x * x - row[other]! - other * other) / (2 * (x - other));
        if (begins > from[count - 1]!) break;
        begins = -Infinity;
      }
      apex[count] = x;
      from[count++] = begins;
    }
    for (let x = 0, k = 0; count > 0 && x < width; x++) {
      while (k + 1 < count && from[k + 1]! <= x) k++;
      out[y * width + x] = (x - apex[k]!) ** 2 + row[apex[k]!]!;
    }
  }
  return out;
}
