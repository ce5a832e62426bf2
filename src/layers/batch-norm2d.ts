import { capturing, guarded } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { ones, zeros } from "../graph/init.js";
import { Parameter, Statistic } from "../graph/parameter.js";
import type { Tensor } from "../graph/tensor.js";
import { batchNormInference, batchNormTrain } from "../ops/batch-norm2d.js";
import { updateRunningStatistics } from "../ops/running-statistics.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { requireChannels } from "./channels.js";
import { Layer } from "./layer.js";

export interface BatchNorm2dOptions {
  /** Added to the variance before the root. Default 1e-5. */
  eps?: number;
  /** Weight of a new batch in the running statistics, 0 … 1 (1 − the decay of other frameworks); null: the plain average of all batches. Default 0.1. */
  momentum?: number | null;
}

/**
 * Batch normalisation (Ioffe & Szegedy 2015). In training it uses the statistics of the batch and moves the running ones
 * towards them (the variance unbiased); in evaluation, and while frozen, it uses the running ones.
 */
export class BatchNorm2d extends Layer {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly runningMean: Statistic;
  readonly runningVar: Statistic;
  readonly numBatchesTracked = new Statistic([], zeros, "i32");
  readonly #eps: number;
  #momentum: number | null;

  constructor(channels: number, options: BatchNorm2dOptions = {}) {
    super();
    checkOptions("BatchNorm2d", options, ["eps", "momentum"]);
    requireChannels("BatchNorm2d", { channels });
    const { eps = 1e-5, momentum = 0.1 } = options;
    if (!(eps >= 0 && Number.isFinite(eps))) throw new OptionError(`BatchNorm2d: eps must be a number of at least 0 but is ${eps}.`);
    this.#momentum = checkedMomentum(momentum);
    this.weight = new Parameter([channels], ones);
    this.bias = new Parameter([channels], zeros);
    this.runningMean = new Statistic([channels], zeros);
    this.runningVar = new Statistic([channels], ones);
    this.#eps = eps;
  }

  /** Weight of a new batch in the running statistics; null averages all batches equally. May change between calls. */
  get momentum(): number | null {
    return guarded(() => this.#momentum);
  }

  set momentum(value: number | null) {
    this.#momentum = checkedMomentum(value);
  }

  /** Forgets all batches: mean 0, variance 1, count 0. */
  resetRunningStatistics(): void {
    const channels = this.runningMean.size;
    this.runningMean.write(new Float32Array(channels));
    this.runningVar.write(new Float32Array(channels).fill(1));
    this.numBatchesTracked.write(new Int32Array(1));
  }

  /** @param x f32 [N, H, W, channels]; returns the same shape */
  forward(x: Tensor): Tensor<"f32"> {
    if (!capturing()) return runEagerly(() => this.forward(x));
    const eps = this.#eps;
    const input = x as Tensor<"f32">;
    const [mean, variance] = [this.runningMean, this.runningVar] as [Statistic & Parameter, Statistic & Parameter];
    if (!this.training) return batchNormInference(input, this.weight, this.bias, mean, variance, { eps });
    const batch = batchNormTrain(input, this.weight, this.bias, { eps });
    updateRunningStatistics(
      { runningMean: this.runningMean, runningVar: this.runningVar, batches: this.numBatchesTracked },
      batch.mean, batch.variance, { momentum: this.momentum, count: x.size / x.shape[3]! },
    );
    return batch.out;
  }
}

function checkedMomentum(momentum: number | null): number | null {
  if (momentum !== null && !(momentum >= 0 && momentum <= 1)) throw new OptionError(`BatchNorm2d: momentum must be between 0 and 1, or null, but is ${String(momentum)}.`);
  return momentum;
}
