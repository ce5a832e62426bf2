import { tensor, type Tensor } from "../graph/tensor.js";
import type { Device } from "../runtime/device.js";
import { batches, type BatchOptions, type BatchState, type HostBatch } from "./batches.js";
import type { Dataset } from "./dataset.js";

/** A batch on a device. It owns its tensors: `using` or `dispose()` frees them. */
export interface DeviceBatch {
  readonly step: number;
  /** RGB, 0 … 255, `[n, height, width, 3]`. */
  readonly image: Tensor<"u8">;
  /** Class indices, 255 = ignored: `[n, height, width]`. */
  readonly mask: Tensor<"u8">;
  readonly names: readonly string[];
  dispose(): void;
  [Symbol.dispose](): void;
}

export interface DeviceBatchStream extends AsyncIterable<DeviceBatch> {
  readonly state: BatchState;
  readonly remaining: number;
}

/** Uploads one batch. */
export function uploadBatch(device: Device, { count, height, width, images, masks, names, step }: HostBatch): DeviceBatch {
  const image = tensor(device, images, [count, height, width, 3]);
  const mask = tensor(device, masks, [count, height, width]);
  const dispose = (): void => {
    image.dispose();
    mask.dispose();
  };
  return { step, image, mask, names, dispose, [Symbol.dispose]: dispose };
}

/**
 * `batches(dataset, options)`, uploaded one by one as they are asked for:
 *
 *     for await (using batch of deviceBatches(device, dataset, { batchSize: 4, size: [128, 128] })) step(batch.image, batch.mask);
 */
export function deviceBatches(device: Device, dataset: Dataset, options: BatchOptions): DeviceBatchStream {
  const stream = batches(dataset, options);
  return {
    get state() {
      return stream.state;
    },
    get remaining() {
      return stream.remaining;
    },
    async *[Symbol.asyncIterator]() {
      for await (const batch of stream) yield uploadBatch(device, batch);
    },
  };
}
