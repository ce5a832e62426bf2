import { compile } from "../graph/compile.js";
import { Tensor } from "../graph/tensor.js";
import type { DeviceBatch } from "../data/device-batches.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import type { Module } from "../layers/module.js";
import { DataError } from "../runtime/errors.js";

type Recalibrated = Module & { forward(x: Tensor): unknown };

export interface RecalibrateOptions {
  /** Stops between two batches. */
  signal?: AbortSignal | undefined;
}

/**
 * Computes the running statistics of a model's batch norms anew: their plain average over a pass through `batches` in training
 * mode (dropout included), without touching weights. For weights that training did not leave last: averaged ones, or those
 * of a network whose published numbers come from such a pass (SegNet's `compute_bn_statistics.py`). Modes and momenta are
 * as before afterwards, also when it throws; the statistics are then those of the batches before.
 *
 * @param batches what `forward` takes, one by one: tensors, which stay the caller's, or batches of `deviceBatches`, whose image
 *   is taken and which are freed
 * @returns how many batches there were; 0 when the model has no batch norm
 * @throws DataError when there is no batch (the old statistics stay), ShapeError when one has a single value per channel
 * @pytorch torch.optim.swa_utils.update_bn
 */
export async function recalibrate(model: Recalibrated, batches: Iterable<Tensor | DeviceBatch> | AsyncIterable<Tensor | DeviceBatch>, { signal }: RecalibrateOptions = {}): Promise<number> {
  const modules = [...model.modules()].map(([, module]) => module);
  const norms = modules.filter((module) => module instanceof BatchNorm2d);
  if (norms.length === 0) return 0;
  const modes = modules.map((module) => [module, module.training] as const);
  const momenta = norms.map((norm) => [norm, norm.momentum] as const);
  const forward = compile(function recalibrate(x: Tensor): void {
    model.forward(x);
  });
  let count = 0;
  try {
    for await (const batch of batches) {
      try {
        signal?.throwIfAborted();
        if (count++ === 0) {
          for (const norm of norms) {
            norm.resetRunningStatistics();
            norm.momentum = null;
          }
          model.train();
        }
        forward(batch instanceof Tensor ? batch : batch.image);
      } finally {
        if (!(batch instanceof Tensor)) batch.dispose();
      }
      // Waits for the batch, so that no more than one is in flight, and its errors come up here.
      await norms[0]!.numBatchesTracked.data();
    }
  } finally {
    for (const [norm, momentum] of momenta) norm.momentum = momentum;
    // Outer modules come first, so that inner ones have the last word.
    for (const [module, training] of modes) module.train(training);
    forward.dispose();
  }
  if (count === 0) throw new DataError("recalibrate: there is no batch to take statistics from.");
  return count;
}
