import type { Tensor } from "../graph/tensor.js";
import { relu } from "../ops/pointwise.js";
import { Layer } from "./layer.js";

/** max(x, 0). */
export class ReLU extends Layer {
  forward(x: Tensor): Tensor<"f32"> {
    return relu(x) as Tensor<"f32">;
  }
}

/** x itself: takes the place of a layer that is left out, so that the names of the others stay. */
export class Identity extends Layer {
  forward(x: Tensor): Tensor<"f32"> {
    return x as Tensor<"f32">;
  }
}
