import type { Tensor } from "../graph/tensor.js";
import { matmul } from "../ops/matmul.js";
import { mean } from "../ops/mean.js";
import { add, div, equal, maximum, mul, notEqual, relu, rsqrt, square, where } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { sum } from "../ops/sum.js";

/** How a layer's maps become one map. */
export type CamMethod = "grad-cam" | "grad-cam++" | "hires-cam" | "layer-cam" | "xgrad-cam" | "eigen-cam";

type Map = Tensor<"f32">;
const plane = { axes: [1, 2], keepDims: true } as const;
const channels = { axes: [3], keepDims: true } as const;

/** a / b, and 0 where b is 0. */
const ratio = (a: Map, b: Map): Map => where(equal(b, 0), 0, div(a, where(equal(b, 0), 1, b)));

const weighted = (weights: Map, a: Map): Map => sum(mul(weights, a), channels);

/** Σ over channels of weight · map, before its negative part is cut; a are the maps [1, h, w, K], g the gradients of the score. */
const byGradient: Record<Exclude<CamMethod, "eigen-cam">, (a: Map, g: Map) => Map> = {
  "grad-cam": (a, g) => weighted(mean(g, plane), a),
  "grad-cam++": (a, g) => {
    const [g2, g3] = [square(g), mul(square(g), g)];
    const alpha = where(notEqual(g, 0), ratio(g2, add(mul(g2, 2), mul(sum(a, plane), g3))), 0);
    return weighted(sum(mul(alpha, relu(g)), plane), a);
  },
  "hires-cam": weighted,
  "layer-cam": (a, g) => weighted(relu(g), a),
  "xgrad-cam": (a, g) => weighted(ratio(sum(mul(g, a), plane), sum(a, plane)), a),
};

/** Steps of the power iteration, each of which shrinks what is not the first component by (σ₂ / σ₁)². */
const STEPS = 32;

/** The maps projected on the first right singular vector of [h · w, K], which begins as (and so points along) their sum. */
function eigenCam(a: Map): Map {
  const [, h, w, k] = a.shape as [number, number, number, number];
  const rows = reshape(a, [h * w, k]);
  const unit = (v: Tensor<"f32">): Tensor<"f32"> => mul(v, rsqrt(maximum(sum(square(v)), 1e-30)));
  let v = unit(reshape(sum(rows, { axes: [0] }), [k, 1]));
  for (let step = 0; step < STEPS; step++) v = unit(matmul(rows, matmul(rows, v), { transposeA: true }));
  return reshape(matmul(rows, v), [1, h, w, 1]);
}

/** The names of the methods. */
export const camMethods: readonly CamMethod[] = [...(Object.keys(byGradient) as CamMethod[]), "eigen-cam"];

/**
 * The map of one layer, f32 [1, h, w, 1], not negative.
 *
 * @param a maps of the layer, [1, h, w, K]
 * @param gradient gradients of the score, of the shape of a; not called by methods that need none
 */
export function activationMap(method: CamMethod, a: Map, gradient: () => Map): Map {
  return relu(method === "eigen-cam" ? eigenCam(a) : byGradient[method](a, gradient()));
}
