import type { Tensor } from "../graph/tensor.js";
import { cast } from "../ops/cast.js";
import { maxPool2d } from "../ops/max-pool2d.js";
import { pad2d, type PadMode } from "../ops/pad2d.js";
import { reshape } from "../ops/reshape.js";
import { resize } from "../ops/resize.js";
import { SegmentationModel, type TrainingOutputs } from "./segmentation-model.js";

const STRIDE = 8;

/** x with rows and columns added below and right, or cut off there, so that it has the size of the other. */
function extended(x: Tensor<"f32">, [height, width]: readonly [number, number], frame: { mode: PadMode; value?: number }): Tensor<"f32"> {
  const [bottom, right] = [height - x.shape[1]!, width - x.shape[2]!];
  return bottom === 0 && right === 0 ? x : pad2d(x, { bottom, right, ...frame });
}

/**
 * A network whose scores belong to every eighth pixel of the image, from the first on (0, 8, 16, …), and are compared with the labels of those pixels
 * in training: the first two DeepLabs. `forward` interpolates between them; sizes of 8 k + 1 pixels have scores from edge to edge, and
 * beyond the last scores of other sizes their values go on.
 */
export abstract class CoarseModel extends SegmentationModel {
  readonly multipleOf = 1;

  /** @param image f32 [N, H, W, inChannels]; gives [N, ⌈H / 8⌉ or one more, ⌈W / 8⌉ or one more, classes] */
  protected abstract scores(image: Tensor<"f32">): Tensor<"f32">;

  /** Scores of every eighth pixel. */
  override outputs(x: Tensor): TrainingOutputs {
    return { logits: this.scores(this.input(x)), auxiliary: [] };
  }

  /** The labels of every eighth pixel; those that lie beyond the mask are ignored. */
  override matchMask(mask: Tensor<"u8">, logits: Tensor): Tensor<"u8"> {
    const [n, h, w] = logits.shape as [number, number, number];
    if (mask.shape[1] === h && mask.shape[2] === w) return mask;
    const map = reshape(cast(mask, "f32"), [...mask.shape, 1]) as Tensor<"f32">;
    const whole = extended(map, [STRIDE * (h - 1) + 1, STRIDE * (w - 1) + 1], { mode: "constant", value: 255 });
    return cast(reshape(maxPool2d(whole, { kernelSize: 1, stride: STRIDE }), [n, h, w]), "u8") as Tensor<"u8">;
  }

  /**
   * Scores of every pixel from those of every eighth one: what `forward` does to them.
   *
   * @param scores f32 [N, h, w, classes], as `outputs` gives them
   * @param size height and width of the image
   */
  upsample(scores: Tensor<"f32">, size: readonly [height: number, width: number]): Tensor<"f32"> {
    const [h, w] = [scores.shape[1]!, scores.shape[2]!];
    return extended(resize(scores, { size: [STRIDE * (h - 1) + 1, STRIDE * (w - 1) + 1], mode: "bilinear", alignCorners: true }), size, { mode: "replicate" });
  }

  forward(x: Tensor): Tensor<"f32"> {
    const image = this.input(x);
    return this.upsample(this.scores(image), [image.shape[1]!, image.shape[2]!]);
  }
}
