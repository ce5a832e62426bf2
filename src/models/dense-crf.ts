import { compile } from "../graph/compile.js";
import { tensor, type Tensor } from "../graph/tensor.js";
import { featureGaussian } from "../ops/feature-gaussian.js";
import { permutohedral } from "../ops/permutohedral.js";
import { add, clamp, full, log, mul, rsqrt } from "../ops/pointwise.js";
import { softmax } from "../ops/softmax.js";
import type { Device } from "../runtime/device.js";
import { checkOptions, ImageError, OptionError } from "../runtime/errors.js";
import { defaultClasses, type ClassInfo } from "./class-info.js";
import { permutohedralLattice } from "./permutohedral-lattice.js";
import { arrange, openImage, type ImageSource } from "./predict-input.js";
import { Prediction } from "./prediction.js";

/** What a CRF starts from: what `model.predict(image, { probabilities: true })` gives, or probabilities from elsewhere. */
export interface ClassProbabilities {
  readonly width: number;
  readonly height: number;
  /** [height, width, classes], adding up to 1; or [height, width]: those of the foreground. */
  readonly probabilities?: Float32Array | undefined;
  /** Names and colours of the classes, for the result. */
  readonly classInfo?: readonly ClassInfo[] | undefined;
}

export interface DenseCrfOptions {
  /** Steps of mean-field inference. Default 10. */
  iterations?: number | undefined;
  /**
   * Pixels near each other and of like colour want one class: the kernel's weight (0 leaves it out), and the standard deviations of
   * position (in pixels) and colour (of 0 … 255). Default { weight: 4, position: 67, colour: 3 }.
   */
  appearance?: { readonly weight?: number; readonly position?: number; readonly colour?: number } | undefined;
  /** Pixels next to each other want one class, whatever their colours. Default { weight: 3, position: 1 }. */
  smoothness?: { readonly weight?: number; readonly position?: number } | undefined;
  /**
   * How messages are computed: "lattice" filters by a permutohedral lattice, in time that grows with the pixels; "exact" adds up all
   * pairs of pixels, of at most 16,384. Default "lattice".
   */
  method?: "lattice" | "exact" | undefined;
  /** Gives up with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** That is 2.7 · 10⁸ pairs for every message; with more, one dispatch keeps a software adapter busy for seconds. */
const MOST_EXACT = 16_384;
/** Probabilities are at least this, so that no class is impossible: `unary_from_softmax` of pydensecrf. */
const LEAST = 1e-5;

/** A kernel's features as tensors: rows of features, or their lattice. */
type KernelTensors = Readonly<Record<string, Tensor>>;

const filter = (x: Tensor<"f32">, { features, ...lattice }: KernelTensors): Tensor<"f32"> => (features ? featureGaussian(x, features as Tensor<"f32">) : permutohedral(x, lattice as Parameters<typeof permutohedral>[1]));

/** Mean field: from the probabilities [pixels, classes] to those of the CRF. */
const run = compile(function denseCrf(probabilities: Tensor<"f32">, kernels: KernelTensors[], weights: number[], iterations: number): Tensor<"f32"> {
  const scores = log(clamp(probabilities, LEAST, 1));
  const norms = kernels.map((kernel) => rsqrt(add(filter(full([probabilities.shape[0]!, 1], 1), kernel), 1e-20)));
  let q = softmax(scores);
  for (let step = 0; step < iterations; step++) {
    const messages = kernels.map((kernel, i) => mul(mul(norms[i]!, weights[i]!), filter(mul(norms[i]!, q), kernel)));
    q = softmax(messages.reduce((total, message) => add(total, message), scores));
  }
  return q;
});

interface KernelSpec {
  readonly weight: number;
  /** [pixels, d] */
  readonly features: Float32Array;
  readonly d: number;
}

/** Options of one kernel, checked: its weight is finite and not negative, its deviations are above 0. */
function checkedKernel<K extends string>(name: string, given: Partial<Record<K, number>> | undefined, defaults: Record<K, number>): Record<K, number> {
  checkOptions(`denseCrf, ${name}`, given ?? {}, Object.keys(defaults));
  const chosen = { ...defaults, ...Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined)) } as Record<K, number>;
  for (const [key, value] of Object.entries<number>(chosen)) {
    if (key === "weight" && !(value >= 0 && value < Infinity)) throw new OptionError(`denseCrf: ${name}.weight must be a finite number of at least 0 but is ${value}.`);
    // Positions and colours divided by a deviation must stay whole numbers that 32 bits hold.
    if (key !== "weight" && !(value >= 1e-3 && value < Infinity)) throw new OptionError(`denseCrf: ${name}.${key} must be a finite number of at least 0.001 but is ${value}.`);
  }
  return chosen;
}

/** Features of every pixel: column and row and, with an image of three channels (0 … 255), its colours, each over its deviation. */
function featuresOf(width: number, height: number, position: number, image?: { pixels: ArrayLike<number>; scale: number; colour: number }): Float32Array {
  const d = image ? 5 : 2;
  const out = new Float32Array(width * height * d);
  for (let i = 0; i < width * height; i++) {
    out[i * d] = (i % width) / position;
    out[i * d + 1] = Math.floor(i / width) / position;
    if (image) for (let c = 0; c < 3; c++) out[i * d + 2 + c] = (image.pixels[i * 3 + c]! * image.scale) / image.colour;
  }
  return out;
}

/** Probabilities as [pixels, classes]: those of a foreground alone get their complement beside them. */
function rowsOf(probabilities: Float32Array, pixels: number): Float32Array {
  return probabilities.length === pixels ? Float32Array.from({ length: 2 * pixels }, (_, i) => (i % 2 === 1 ? probabilities[i >> 1]! : 1 - probabilities[i >> 1]!)) : probabilities;
}

/**
 * Refines class probabilities by the colours of the image: mean-field inference in a fully connected conditional random field
 * (Krähenbühl & Koltun 2011), as DeepLab v1 and v2 end with. Beginning with Q = p, every step computes for all pixels i and classes l
 *
 *     Q_i(l) ∝ p_i(l) · exp(Σ over kernels m of w_m n_i Σ_j k_m(i, j) n_j Q_j(l)),   n_i = 1 / √(Σ_j k_m(i, j))
 *     appearance  k(i, j) = exp(−|p_i − p_j|² / 2 θα² − |I_i − I_j|² / 2 θβ²)
 *     smoothness  k(i, j) = exp(−|p_i − p_j|² / 2 θγ²)
 *
 * which is the Potts model with the symmetric normalisation of the authors' code and pydensecrf (NORMALIZE_SYMMETRIC); as there, the sums
 * hold j = i too, and p is at least 1e-5. The paper fixes w = 3 and θγ = 3 for smoothness and searches w in 3 … 6, θα in 30 … 100, θβ in
 * 3 … 6; the defaults (w 4, θα 67, θβ 3; w 3, θγ 1) are a setting in wide use with pydensecrf. Deterministic: same input, same bits.
 *
 * "lattice" approximates the sums as the paper does: pixels leave their values on a permutohedral lattice, which is blurred and read
 * again. On the pictures of test/models/dense-crf.test.ts its probabilities differ from the exact ones by 0.002 to 0.020 on average (single
 * pixels by up to 0.95), and 95.9 to 99.9 % of the pixels get the same class; it is worst where the noise in the image is wider than the
 * deviation of colours, so that pixels have few neighbours on the lattice. The lattice is built on the CPU, once per image and kernel; it
 * has about 3 vertices per pixel with the default deviations, and more the noisier the image is.
 *
 * @param prediction probabilities of the classes
 * @param image that they are of, as `predict` takes it; gray or colour
 * @returns the classes with the largest probability, and the probabilities, in the form that came in
 * @throws OptionError for options out of range, probabilities that are missing, and "exact" with more than 16,384 pixels; ImageError when
 *   the sizes differ; DeviceError for images too large for the adapter
 */
export async function denseCrf(device: Device, prediction: ClassProbabilities, image: ImageSource, options: DenseCrfOptions = {}): Promise<Prediction> {
  checkOptions("denseCrf", options, ["iterations", "appearance", "smoothness", "method", "signal"]);
  const { iterations = 10, method = "lattice", signal } = options;
  if (!Number.isInteger(iterations) || iterations < 1) throw new OptionError(`denseCrf: iterations must be a whole number of at least 1 but is ${iterations}.`);
  if (method !== "lattice" && method !== "exact") throw new OptionError(`denseCrf: method must be "lattice" or "exact" but is ${JSON.stringify(method)}.`);
  const appearance = checkedKernel("appearance", options.appearance, { weight: 4, position: 67, colour: 3 });
  const smoothness = checkedKernel("smoothness", options.smoothness, { weight: 3, position: 1 });
  const { width, height, probabilities } = prediction;
  const pixels = width * height;
  if (!probabilities) throw new OptionError("denseCrf: the prediction has no probabilities. Ask for them: predict(image, { probabilities: true }).");
  const channels = probabilities.length / pixels;
  if (!Number.isInteger(channels) || channels < 1) throw new OptionError(`denseCrf: ${width}×${height} pixels do not fit ${probabilities.length} probabilities.`);
  if (method === "exact" && pixels > MOST_EXACT) throw new OptionError(`denseCrf: "exact" compares all pairs of pixels, of at most ${MOST_EXACT}, but the image has ${pixels}. Use method "lattice", or a smaller image.`);
  signal?.throwIfAborted();

  const view = await openImage(image, device, "denseCrf");
  if (view.width !== width || view.height !== height) throw new ImageError(`denseCrf: the image has ${view.width}×${view.height} pixels but the prediction has ${width}×${height}.`);
  const colours = arrange(view, 3, width, height, "denseCrf");
  const scale = colours instanceof Uint8Array ? 1 : 255;
  const specs: KernelSpec[] = [
    { weight: appearance.weight, d: 5, features: featuresOf(width, height, appearance.position, { pixels: colours, scale, colour: appearance.colour }) },
    { weight: smoothness.weight, d: 2, features: featuresOf(width, height, smoothness.position) },
  ].filter(({ weight }) => weight > 0);
  const kernels = specs.map(({ features, d }) => kernelTensors(device, features, d, method));
  const rows = rowsOf(probabilities, pixels);
  const start = tensor(device, rows, [pixels, rows.length / pixels]);
  signal?.throwIfAborted();
  let result: Tensor<"f32">;
  try {
    result = run(start, kernels, specs.map(({ weight }) => weight), iterations);
  } finally {
    for (const each of [start, ...kernels.flatMap((kernel) => Object.values(kernel))]) each.dispose();
  }
  const reading = result.data();
  result.dispose();
  const refined = await reading;
  signal?.throwIfAborted();
  return new Prediction(width, height, largest(refined, pixels), channels === 1 ? refined.filter((_, i) => i % 2 === 1) : refined, prediction.classInfo ?? defaultClasses(channels), view);
}

function kernelTensors(device: Device, features: Float32Array, d: number, method: "lattice" | "exact"): KernelTensors {
  const rows = features.length / d;
  if (method === "exact") return { features: tensor(device, features, [rows, d]) };
  const { axes, vertices, corners, weights, starts, entries, neighbours } = permutohedralLattice(features, d);
  return {
    corners: tensor(device, corners, [rows, axes]),
    weights: tensor(device, weights, [rows, axes]),
    starts: tensor(device, starts),
    entries: tensor(device, entries),
    neighbours: tensor(device, neighbours, [axes, vertices, 2]),
  };
}

/** The class with the largest probability of every pixel; of equal ones the first. */
function largest(probabilities: Float32Array, pixels: number): Uint8Array {
  const classes = probabilities.length / pixels;
  return Uint8Array.from({ length: pixels }, (_, i) => {
    let best = 0;
    for (let c = 1; c < classes; c++) if (probabilities[i * classes + c]! > probabilities[i * classes + best]!) best = c;
    return best;
  });
}
