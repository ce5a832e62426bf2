import { constant } from "../graph/init.js";
import { Parameter } from "../graph/parameter.js";
import type { Tensor } from "../graph/tensor.js";
import { elu, gelu, hardSigmoid, hardSwish, leakyRelu, logSigmoid, mish, prelu, relu, relu6, selu, sigmoid, silu, softplus, softsign, tanh, type SoftplusOptions } from "../ops/activations.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { requireChannels } from "./channels.js";
import { Layer } from "./layer.js";

/** x itself: takes the place of a layer that is left out, so that the names of the others stay. */
export class Identity extends Layer {
  forward(x: Tensor): Tensor<"f32"> {
    return x as Tensor<"f32">;
  }
}

/** A layer that has nothing but a function. */
abstract class Pointwise extends Layer {
  readonly #apply: (x: Tensor<"f32">) => Tensor<"f32">;

  constructor(apply: (x: Tensor<"f32">) => Tensor<"f32">) {
    super();
    this.#apply = apply;
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.#apply(x as Tensor<"f32">);
  }
}

/** max(x, 0) (`relu`). */
export class ReLU extends Pointwise {
  constructor() {
    super(relu);
  }
}

/** min(max(x, 0), 6) (`relu6`). */
export class ReLU6 extends Pointwise {
  constructor() {
    super(relu6);
  }
}

/** x above 0, negativeSlope · x below (`leakyRelu`); default 0.01. */
export class LeakyReLU extends Pointwise {
  constructor(options: { negativeSlope?: number } = {}) {
    checkOptions("LeakyReLU", options, ["negativeSlope"]);
    const { negativeSlope = 0.01 } = options;
    requireFinite("LeakyReLU", { negativeSlope });
    super((x) => leakyRelu(x, { negativeSlope }));
  }
}

/** x above 0, `weight` · x below (`prelu`), with a learned weight for all channels or for each. */
export class PReLU extends Layer {
  readonly weight: Parameter;

  /** @param options `channels`: weights to learn, 1 (default) or one for each channel; `init`: their first value, default 0.25 */
  constructor(options: { channels?: number; init?: number } = {}) {
    super();
    checkOptions("PReLU", options, ["channels", "init"]);
    const { channels = 1, init = 0.25 } = options;
    requireChannels("PReLU", { channels });
    requireFinite("PReLU", { init });
    this.weight = new Parameter([channels], constant(init));
  }

  forward(x: Tensor): Tensor<"f32"> {
    return prelu(x as Tensor<"f32">, this.weight);
  }
}

/** x above 0, alpha · (eˣ − 1) below (`elu`); default alpha 1. */
export class ELU extends Pointwise {
  constructor(options: { alpha?: number } = {}) {
    checkOptions("ELU", options, ["alpha"]);
    const { alpha = 1 } = options;
    requireFinite("ELU", { alpha });
    super((x) => elu(x, { alpha }));
  }
}

/** Scaled ELU (`selu`). */
export class SELU extends Pointwise {
  constructor() {
    super(selu);
  }
}

/** x · Φ(x) (`gelu`), exact ("none", the default) or by tanh. */
export class GELU extends Pointwise {
  constructor(options: { approximate?: "none" | "tanh" } = {}) {
    checkOptions("GELU", options, ["approximate"]);
    const { approximate = "none" } = options;
    if (approximate !== "none" && approximate !== "tanh") throw new OptionError(`GELU: approximate must be "none" or "tanh" but is "${String(approximate)}".`);
    super((x) => gelu(x, { approximate }));
  }
}

/** x / (1 + e⁻ˣ) (`silu`), also called Swish. */
export class SiLU extends Pointwise {
  constructor() {
    super(silu);
  }
}

/** x · tanh(log(1 + eˣ)) (`mish`). */
export class Mish extends Pointwise {
  constructor() {
    super(mish);
  }
}

/** min(max(x + 3, 0), 6) / 6 (`hardSigmoid`). */
export class Hardsigmoid extends Pointwise {
  constructor() {
    super(hardSigmoid);
  }
}

/** x · min(max(x + 3, 0), 6) / 6 (`hardSwish`). */
export class Hardswish extends Pointwise {
  constructor() {
    super(hardSwish);
  }
}

/** log(1 + e^(beta · x)) / beta (`softplus`). */
export class Softplus extends Pointwise {
  constructor(options: SoftplusOptions = {}) {
    checkOptions("Softplus", options, ["beta", "threshold"]);
    const { beta = 1, threshold = 20 } = options;
    requireFinite("Softplus", { beta, threshold });
    if (beta === 0) throw new OptionError("Softplus: beta must not be 0.");
    super((x) => softplus(x, { beta, threshold }));
  }
}

/** x / (1 + |x|) (`softsign`). */
export class Softsign extends Pointwise {
  constructor() {
    super(softsign);
  }
}

/** 1 / (1 + e⁻ˣ) (`sigmoid`). */
export class Sigmoid extends Pointwise {
  constructor() {
    super(sigmoid);
  }
}

/** log(1 / (1 + e⁻ˣ)) (`logSigmoid`). */
export class LogSigmoid extends Pointwise {
  constructor() {
    super(logSigmoid);
  }
}

/** Hyperbolic tangent (`tanh`). */
export class Tanh extends Pointwise {
  constructor() {
    super(tanh);
  }
}

function requireFinite(layer: string, values: Record<string, number>): void {
  for (const [name, value] of Object.entries(values)) if (!Number.isFinite(value)) throw new OptionError(`${layer}: ${name} must be a finite number but is ${value}.`);
}
