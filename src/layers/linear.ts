import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { fanInUniform } from "../graph/init.js";
import { Parameter } from "../graph/parameter.js";
import type { Tensor } from "../graph/tensor.js";
import { matmul } from "../ops/matmul.js";
import { add } from "../ops/pointwise.js";
import { inParts, rowParts } from "../ops/row-parts.js";
import { ShapeError, checkOptions } from "../runtime/errors.js";
import { requireChannels } from "./channels.js";
import { Layer } from "./layer.js";

/** x · weightᵀ, the rows of a weight that lies in parts side by side. */
function productOf(x: Tensor<"f32">, weight: Parameter): Tensor<"f32"> {
  const by = (rows: Parameter): Tensor<"f32"> => matmul(x, rows, { transposeB: true });
  const parts = rowParts(weight);
  return parts ? (inParts(parts, by) as Tensor<"f32">) : by(weight);
}

/**
 * A fully connected layer, x · weightᵀ + bias: `weight` [out, in] and `bias` [out], which start as U(−b, b) with b = 1 / √in, as
 * PyTorch's do. On feature maps it works on the channels of each pixel.
 */
export class Linear extends Layer {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;

  /** @param options `bias`: default true */
  constructor(inFeatures: number, outFeatures: number, options: { bias?: boolean } = {}) {
    super();
    checkOptions("Linear", options, ["bias"]);
    requireChannels("Linear", { inFeatures, outFeatures });
    const init = fanInUniform(inFeatures);
    this.weight = new Parameter([outFeatures, inFeatures], init);
    this.bias = options.bias === false ? undefined : new Parameter([outFeatures], init);
  }

  /** @param x f32 [..., in]; returns [..., out] */
  forward(x: Tensor): Tensor<"f32"> {
    if (!capturing()) return runEagerly(() => this.forward(x));
    const features = this.weight.shape[1]!;
    if (x.shape.at(-1) !== features) throw new ShapeError("Linear", `the layer takes ${features} features but the last axis of x has ${x.shape.at(-1) ?? 0}`, { x: x.shape });
    const product = productOf(x as Tensor<"f32">, this.weight);
    return this.bias ? add(product, this.bias) : product;
  }
}
