import { compile, type Compiled } from "../graph/compile.js";
import type { Tensor } from "../graph/tensor.js";
import type { Parameter } from "../graph/parameter.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import { concat } from "../ops/concat.js";
import { add, mul } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { valueAndGrad, type Gradients } from "../ops/value-and-grad.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { LossFunction } from "./loss.js";

/**
 * One update as one plan: normalisation, forward, loss, gradients and optimizer. Several images-and-masks pairs are
 * micro-batches: their gradients are averaged, one after the other, so that memory is needed for one of them only.
 *
 * @returns a function from `[n, height, width, channels]` u8 images and `[n, height, width]` u8 masks to f32 `[2]`: loss and gradient norm
 */
export function trainingStep(model: SegmentationModel, optimizer: Optimizer, loss: LossFunction): Compiled<[images: Tensor<"u8">[], masks: Tensor<"u8">[]], Tensor<"f32">> {
  return compile(function trainingStep(images: Tensor<"u8">[], masks: Tensor<"u8">[]): Tensor<"f32"> {
    let value: Tensor | undefined;
    let grads: Gradients | undefined;
    for (const [i, image] of images.entries()) {
      const part = valueAndGrad(model, () => loss(model.forward(image), masks[i]!));
      value = value ? add(value, part.value) : part.value;
      grads = grads ? joined(grads, part.grads) : part.grads;
    }
    const share = 1 / images.length;
    if (images.length > 1) grads = new Map([...grads!].map(([parameter, grad]) => [parameter, mul(grad, share)]));
    const { gradientNorm } = optimizer.update(grads!);
    return concat([reshape(mul(value!, share), [1]), reshape(gradientNorm, [1])], { axis: 0 }) as Tensor<"f32">;
  });
}

const joined = (a: Gradients, b: Gradients): Gradients => new Map([...a].map(([parameter, grad]): [Parameter, Tensor] => [parameter, add(grad, b.get(parameter)!)]));
