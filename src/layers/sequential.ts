import type { Tensor } from "../graph/tensor.js";
import { Layer } from "./layer.js";
import type { Module } from "./module.js";

/** Layers one after the other. Their names are their numbers, as in PyTorch: layers without parameters count too. */
export class Sequential extends Layer {
  readonly layers: readonly Layer[];

  constructor(...layers: Layer[]) {
    super();
    this.layers = layers;
  }

  override *children(): Generator<[name: string, module: Module]> {
    for (const [i, layer] of this.layers.entries()) yield [String(i), layer];
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.layers.reduce((h, layer) => layer.forward(h), x) as Tensor<"f32">;
  }
}
