import { compile, type Compiled } from "../graph/compile.js";
import type { Tensor } from "../graph/tensor.js";
import type { Parameter } from "../graph/parameter.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import { concat } from "../ops/concat.js";
import { add, mul } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { valueAndGrad, type Gradients } from "../ops/value-and-grad.js";
import type { Optimizer } from "../optim/optimizer.js";
import { OptionError } from "../runtime/errors.js";
import { withGradientCheckpoints } from "./gradient-checkpoints.js";
import type { LossFunction } from "./loss.js";

/**
 * One update as one plan: normalisation, forward, loss, gradients and optimizer. Several images-and-masks pairs are
 * micro-batches: their gradients are averaged, one after the other, so that memory is needed for one of them only.
 *
 * @param auxiliaryWeights instead of the model's own, by the names of its auxiliary heads; a head of weight 0 is left out
 * @param gradientCheckpoints paths of modules whose insides are computed again in the backward pass instead of being kept
 * @returns a function from `[n, height, width, channels]` u8 images and `[n, height, width]` u8 masks to f32 `[2]`: loss and gradient norm
 */
export function trainingStep(
  model: SegmentationModel, optimizer: Optimizer, loss: LossFunction, auxiliaryWeights: Readonly<Record<string, number>> = {}, gradientCheckpoints: readonly string[] = [],
): Compiled<[images: Tensor<"u8">[], masks: Tensor<"u8">[]], Tensor<"f32">> {
  return compile(function trainingStep(images: Tensor<"u8">[], masks: Tensor<"u8">[]): Tensor<"f32"> {
    let value: Tensor | undefined;
    let grads: Gradients | undefined;
    for (const [i, image] of images.entries()) {
      const part = valueAndGrad(model, () => {
        const { logits, auxiliary } = withGradientCheckpoints(model, gradientCheckpoints, () => model.outputs(image));
        const cost = (logits: Tensor<"f32">): Tensor<"f32"> => loss(logits, model.matchMask(masks[i]!, logits));
        const stray = Object.keys(auxiliaryWeights).find((name) => auxiliary.every((head) => head.name !== name));
        if (stray !== undefined) throw new OptionError(noSuchHead(stray, model, auxiliary.map(({ name }) => name)));
        const heads = auxiliary.map((head) => ({ ...head, weight: auxiliaryWeights[head.name] ?? head.weight })).filter(({ weight }) => weight !== 0);
        return heads.reduce<Tensor>((sum, head) => add(sum, mul(cost(head.logits), head.weight)), cost(logits));
      });
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

const noSuchHead = (name: string, model: SegmentationModel, heads: readonly string[]): string =>
  `Trainer: auxiliaryWeights names "${name}", but ${model.constructor.name} has ${heads.length > 0 ? `the auxiliary heads ${heads.join(", ")}` : "no auxiliary head"}.`;
