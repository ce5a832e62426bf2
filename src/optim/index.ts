import { checkOptions, OptionError } from "../runtime/errors.js";
import type { Parameter } from "../graph/parameter.js";
import { Optimizer, type ParameterGroup, type UpdateRule } from "./optimizer.js";
import type { LearningRate } from "./schedule.js";

export { Optimizer, type ParameterGroup } from "./optimizer.js";
export { cosine, poly, stepDecay, warmUp, type LearningRate } from "./schedule.js";

type Parameters_ = readonly Parameter[] | readonly ParameterGroup[];

interface Common {
  /** Per update; a number or a schedule. */
  learningRate: LearningRate;
  /** Default 0 (AdamW: 0.01). */
  weightDecay?: number;
  /** Scales all gradients down so that their norm together is at most this. Default: no clipping. */
  clipNorm?: number;
  /**
   * Keep an average e of the parameters, for evaluation: e ← ema·e + (1 − ema)·p after every update, in the same dispatch; the first update
   * makes it. At least 0 and below 1; 0.999 is usual. Used with `withAverage` and `swapAverage`. Default: 0, none (PyTorch:
   * `torch.optim.swa_utils.AveragedModel` with `get_ema_multi_avg_fn`; timm: `ModelEmaV3`).
   */
  ema?: number;
}

export interface SgdOptions extends Common {
  /** Default 0. */
  momentum?: number;
  /** Default false. */
  nesterov?: boolean;
}

export interface AdamOptions extends Common {
  /** Decay of the two moments; default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  epsilon?: number;
}

export interface RmspropOptions extends Common {
  /** Decay of the mean of squared gradients. Default 0.99. */
  alpha?: number;
  /** Default 1e-8. */
  epsilon?: number;
  /** Default 0. */
  momentum?: number;
}

const neutral: UpdateRule = { rule: "sgd", momentum: 0, nesterov: false, beta1: 0, beta2: 0, epsilon: 0, maxNorm: 0, weightDecay: 0, ema: 0 };

function requireAmounts(name: string, options: Record<string, number>): void {
  for (const [key, value] of Object.entries(options)) if (!(value >= 0 && value < Infinity)) throw new OptionError(`${name}: ${key} must be a number of at least 0, not ${value}.`);
}

function make(parameters: Parameters_, { learningRate, weightDecay = 0, clipNorm = 0, ema = 0 }: Common, rule: Partial<UpdateRule> & Pick<UpdateRule, "rule">): Optimizer {
  if (typeof learningRate !== "function" && !(learningRate >= 0)) throw new OptionError(`${rule.rule}: learningRate must be a number of at least 0 or a schedule, not ${String(learningRate)}.`);
  requireAmounts(rule.rule, { weightDecay, clipNorm });
  if (!(ema >= 0 && ema < 1)) throw new OptionError(`${rule.rule}: ema must be at least 0 and below 1, not ${ema}.`);
  return new Optimizer(parameters, learningRate, { ...neutral, maxNorm: clipNorm, weightDecay, ema, ...rule });
}

/**
 * Stochastic gradient descent with momentum, as PyTorch defines it: v ← μv + g, p ← p − lr·v (Nesterov: p ← p − lr·(g + μv)); weight
 * decay is added to g.
 *
 * @throws OptionError for options out of range, and for a parameter that is given twice
 */
export function sgd(parameters: Parameters_, options: SgdOptions): Optimizer {
  checkOptions("sgd", options, ["learningRate", "weightDecay", "clipNorm", "ema", "momentum", "nesterov"]);
  const { momentum = 0, nesterov = false } = options;
  requireAmounts("sgd", { momentum });
  if (nesterov && !(momentum > 0)) throw new OptionError("sgd: nesterov needs a momentum above 0.");
  return make(parameters, options, { rule: "sgd", momentum, nesterov });
}

function adamRule(rule: "adam" | "adamw", parameters: Parameters_, options: AdamOptions): Optimizer {
  checkOptions(rule, options, ["learningRate", "weightDecay", "clipNorm", "ema", "betas", "epsilon"]);
  const { betas: [beta1, beta2] = [0.9, 0.999], epsilon = 1e-8 } = options;
  if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) throw new OptionError(`${rule}: betas must be at least 0 and below 1, not ${beta1} and ${beta2}.`);
  requireAmounts(rule, { epsilon });
  return make(parameters, options, { rule, beta1, beta2, epsilon });
}

/** Adam (Kingma & Ba 2015); weight decay is added to the gradient, as in PyTorch. Throws an OptionError as `sgd` does. */
export const adam = (parameters: Parameters_, options: AdamOptions): Optimizer => adamRule("adam", parameters, options);

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019); the decay's default is 0.01. Throws an OptionError as `sgd` does. */
export const adamW = (parameters: Parameters_, options: AdamOptions): Optimizer => adamRule("adamw", parameters, { ...options, weightDecay: options.weightDecay ?? 0.01 });

/**
 * RMSprop (Tieleman & Hinton 2012), as PyTorch defines it: v ← αv + (1 − α)g², b ← μb + g / (√v + ε), p ← p − lr·b; weight decay is added
 * to g. (TensorFlow puts ε under the root.) Throws an OptionError as `sgd` does.
 */
export function rmsprop(parameters: Parameters_, options: RmspropOptions): Optimizer {
  checkOptions("rmsprop", options, ["learningRate", "weightDecay", "clipNorm", "ema", "alpha", "epsilon", "momentum"]);
  const { alpha = 0.99, epsilon = 1e-8, momentum = 0 } = options;
  if (!(alpha >= 0 && alpha < 1)) throw new OptionError(`rmsprop: alpha must be at least 0 and below 1, not ${alpha}.`);
  requireAmounts("rmsprop", { epsilon, momentum });
  return make(parameters, options, { rule: "rmsprop", beta2: alpha, epsilon, momentum });
}
