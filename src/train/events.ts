import type { ConfusionMatrix } from "../metrics/confusion-matrix.js";
import type { Scores } from "../metrics/scores.js";

/** One value of the loss. */
export interface LossPoint {
  /** Updates made, this one included: the first has 1. */
  readonly step: number;
  readonly loss: number;
}

/** What a validation found. */
export interface ValidationPoint {
  readonly step: number;
  readonly loss: number;
  /** Rows are the truth, columns the prediction, in pixels. */
  readonly matrix: ConfusionMatrix;
  /** What decides which weights are best: mean IoU, unless the trainer was told otherwise. */
  readonly score: number;
  readonly scores: Scores;
  /** True when no earlier score was as high. */
  readonly best: boolean;
}

/** Why training ended: all steps made, no better score for `patience` validations, or asked to (signal or callback). */
export type StopReason = "finished" | "patience" | "stopped";

/** What a trainer tells its callbacks, in the order in which it happens. */
export type TrainingEvent =
  | { readonly type: "start"; /** Updates made before: 0, or those of the run that is resumed. */ readonly step: number; readonly steps: number }
  | { readonly type: "compiled"; readonly seconds: number }
  | ({
      readonly type: "step";
      readonly steps: number;
      readonly learningRate: number;
      /** Norm of all gradients together, before clipping. */
      readonly gradientNorm: number;
      /** Images per second of late, validation and checkpoints left out. */
      readonly imagesPerSecond: number;
      /** Seconds until the last step, validation and checkpoints left out. */
      readonly secondsLeft: number;
    } & LossPoint)
  | { readonly type: "validating"; readonly step: number; readonly done: number; readonly total: number }
  | ({ readonly type: "validation" } & ValidationPoint)
  | { readonly type: "checkpoint"; readonly step: number }
  | { readonly type: "recalibrated"; readonly step: number; readonly batches: number; /** Validation with the new statistics. */ readonly scores?: Scores | undefined }
  | { readonly type: "end"; readonly step: number; readonly reason: StopReason };

/** A line of `log.jsonl`. */
export type LogLine =
  | { readonly type: "step"; readonly step: number; readonly loss: number; readonly learningRate: number; readonly gradientNorm: number }
  | { readonly type: "validation"; readonly step: number; readonly loss: number; readonly score: number; readonly best: boolean; readonly meanIou: number; /** Row-major [truth, predicted]. */ readonly confusion: readonly number[] };
