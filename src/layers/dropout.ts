import type { Capture } from "../graph/capture.js";
import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { hash } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { broadcastTo } from "../ops/broadcast-to.js";
import { constant } from "../ops/constant.js";
import { dropout, dropout2d, type DropoutOptions } from "../ops/dropout.js";
import { mul } from "../ops/pointwise.js";
import { OptionError } from "../runtime/errors.js";
import { Layer } from "./layer.js";

/** The word of the step block that all random layers of a captured function share. */
const slots = new WeakMap<Capture, number>();

function slotOf(capture: Capture): number {
  let slot = slots.get(capture);
  if (slot === undefined) {
    // Seed and step are mixed into one number, so that another seed does not need another plan.
    slot = capture.stepValue("u32", () => (hash(`seed ${capture.device!.random.seed}`) + capture.device!.random.step) >>> 0);
    slots.set(capture, slot);
    capture.random = true;
  }
  return slot;
}

abstract class RandomLayer extends Layer {
  readonly rate: number;
  readonly #draw: (x: Tensor<"f32">, options: DropoutOptions) => Tensor<"f32">;

  constructor(name: string, rate: number, draw: (x: Tensor<"f32">, options: DropoutOptions) => Tensor<"f32">) {
    super();
    if (!(rate >= 0 && rate <= 1)) throw new OptionError(`${name}: rate must be between 0 and 1 but is ${rate}.`);
    this.rate = rate;
    this.#draw = draw;
  }

  forward(x: Tensor): Tensor<"f32"> {
    const input = x as Tensor<"f32">;
    if (!this.training || this.rate === 0) return input;
    const capture = capturing();
    if (!capture) return runEagerly(() => this.forward(x));
    return this.#draw(input, { rate: this.rate, key: hash(this.path), stepSlot: slotOf(capture) });
  }
}

/**
 * In training zeroes each element with probability `rate` (default 0.5) and scales up the rest (Srivastava et al. 2014); in
 * evaluation x itself. What is drawn depends on `device.random.seed`, the step, and the layer's place in the model.
 */
export class Dropout extends RandomLayer {
  constructor(rate = 0.5) {
    super("Dropout", rate, dropout);
  }
}

/** Drops whole channels of each image instead of elements (Tompson et al. 2015). */
export class Dropout2d extends RandomLayer {
  constructor(rate = 0.5) {
    super("Dropout2d", rate, dropout2d);
  }
}

/**
 * Drops whole images of a residual branch and scales up the rest, so that the shortcut alone is left of their block: stochastic depth (Huang et
 * al. 2016), "drop connect" in EfficientNets.
 */
export class StochasticDepth extends RandomLayer {
  constructor(rate = 0.5) {
    super("StochasticDepth", rate, (x, options) => mul(x, dropout(broadcastTo(constant([1]), [x.shape[0]!, 1, 1, 1]), options)) as Tensor<"f32">);
  }
}
