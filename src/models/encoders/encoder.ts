import type { Tensor } from "../../graph/tensor.js";
import { Module } from "../../layers/module.js";

/**
 * The part of a network that a classifier shares with it: maps at half the size, a quarter, an eighth, … of the image. Its
 * parameters have the names of the classifier it comes from, so that files of pretrained classifiers load.
 */
export abstract class Encoder extends Module {
  /** Channels of what `features` gives: at the image's size (the image itself, but for VGG), then of the map after each stage. */
  abstract readonly channels: readonly number[];
  /** Which unit has a stage's stride in TensorFlow slim: the one that has it here, or (ResNets) the one before. */
  readonly slimStride: "own unit" | "unit before" = "own unit";

  /** Channels of the image. */
  get inChannels(): number {
    return this.channels[0]!;
  }

  /**
   * The image (VGG: its first map, of the same size) and the map after each stage, at strides 1, 2, 4, 8, 16 and 32; where `dilate` took
   * a stride away, a later map is as large as the one before.
   *
   * @param x f32 [N, H, W, inChannels], normalised
   * @param depth stages to run, 1 … `channels.length − 1`; default all. Later ones keep their parameters unused.
   */
  abstract features(x: Tensor, depth?: number): Tensor<"f32">[];

  /**
   * The modules of each stage in the order in which they run: stage i ends in the map of stride 2^(i + 1). One module is
   * what a paper calls a block or unit: all convolutions inside get one dilation.
   */
  abstract stages(): readonly (readonly Module[])[];
}
