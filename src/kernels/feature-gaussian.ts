import { defineKernel } from "../runtime/kernel.js";
import type { Lowering, Operand } from "./lowering.js";
import shader from "./wgsl/feature-gaussian.js";

const forward = defineKernel(shader, "forward");

/** @param features [rows, D], D a multiple of 4 */
export function lowerFeatureGaussian(low: Lowering, { x, features }: { x: Operand; features: Operand }, { out }: { out: Operand }): void {
  const [rows, channels] = x.shape as [number, number];
  const width = features.shape[1]!;
  const quads = Math.ceil(channels / 4);
  const params = { rows, channels, quads, total: rows * quads };
  low.run(forward({ bindings: { x, features, out }, params, constants: { V: width / 4 }, threads: params.total, flops: rows * params.total * (3 * width + 8) }));
}
