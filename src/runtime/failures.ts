import { AtrousError, DeviceError, DeviceLostError, OutOfMemoryError } from "./errors.js";

/**
 * GPU errors arrive after the call that caused them. Work is numbered by epoch; an error spoils everything
 * written from the epoch that caused it to the epoch in which it became known, and reading or using any of
 * that throws, so that old buffer contents never pass as a result.
 */
export class Failures {
  epoch = 0;
  lost: DeviceLostError | undefined;
  readonly #spoiled: { from: number; to: number; error: AtrousError }[] = [];
  readonly #pending = new Set<Promise<void>>();
  readonly #gpu: GPUDevice;
  readonly #onLost: ((error: DeviceLostError) => void)[] = [];

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
    void gpu.lost.then((info) => {
      this.lost = new DeviceLostError(
        info.reason === "destroyed" ? "The device was destroyed: create a new one." : `The GPU was lost (${info.message || info.reason}). Create a new device and load the last checkpoint.`,
      );
      for (const listener of this.#onLost.splice(0)) listener(this.lost);
    });
    gpu.addEventListener?.("uncapturederror", (event) => this.record(0, asError("GPU", (event as GPUUncapturedErrorEvent).error)));
  }

  /** Rejects when the device is lost; never settles otherwise. */
  untilLost(): { promise: Promise<never>; cancel(): void } {
    let listener!: (error: DeviceLostError) => void;
    const promise = new Promise<never>((_, reject) => this.#onLost.push((listener = reject)));
    promise.catch(() => undefined);
    return { promise, cancel: () => void this.#onLost.splice(this.#onLost.indexOf(listener) >>> 0, 1) };
  }

  record(from: number, error: AtrousError): void {
    this.#spoiled.push({ from, to: this.epoch, error });
  }

  /** Runs `work`, which makes GPU calls for `what`; errors they raise are recorded against the current epoch. */
  guard<T>(what: string, work: () => T): T {
    const from = this.epoch;
    this.#gpu.pushErrorScope("out-of-memory");
    this.#gpu.pushErrorScope("validation");
    try {
      return work();
    } finally {
      const note = (error: GPUError | null): void => {
        if (error) this.record(from, asError(what, error));
      };
      const check = Promise.all([this.#gpu.popErrorScope().then(note), this.#gpu.popErrorScope().then(note)]).then(
        () => undefined,
        () => undefined, // the scopes of a lost device are cancelled; the loss itself is what gets reported
      );
      this.#pending.add(check);
      void check.finally(() => this.#pending.delete(check));
    }
  }

  /** Waits until every error caused so far is known. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Throws if the device is gone, or if work of `epoch` was spoiled by an error. */
  check(epoch?: number): void {
    if (this.lost) throw this.lost;
    if (epoch === undefined) return;
    const spoiled = this.#spoiled.find(({ from, to }) => epoch >= from && epoch <= to);
    if (spoiled) throw spoiled.error;
  }
}

function asError(what: string, error: GPUError): AtrousError {
  const outOfMemory = error.constructor.name === "GPUOutOfMemoryError";
  return outOfMemory
    ? new OutOfMemoryError(`${what}: the GPU is out of memory. Use a smaller batch or image, or dispose of tensors. (${error.message})`)
    : new DeviceError(`${what}: the GPU refused the work. ${error.message}`);
}
