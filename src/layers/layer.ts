import type { Tensor } from "../graph/tensor.js";
import { Module } from "./module.js";

/** A module that turns one feature map into another; what `Sequential` chains. */
export abstract class Layer extends Module {
  /** @param x f32 [N, H, W, C] */
  abstract forward(x: Tensor): Tensor<"f32">;
}
