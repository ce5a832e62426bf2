import { DeviceError, DeviceLostError, OutOfMemoryError, type AtrousError } from "./errors.js";

/** An error, and the work that it spoils. */
interface Spoiled {
  readonly from: number;
  readonly to: number;
  readonly error: AtrousError;
  /** Somebody has been told. */
  thrown: boolean;
}

/**
 * GPU errors arrive after the call that caused them. Every piece of work has a number, its epoch; an error spoils all
 * that was written from the epoch that caused it to the epoch in which it became known, and reading or using any of
 * that throws, so that old buffer contents never pass as a result.
 */
export class Failures {
  /** The last number that was given out. */
  epoch = 0;
  lost: DeviceLostError | undefined;
  /** Errors so far. What is kept from one call to the next (bind groups, derived tensors) is made again when it has moved. */
  recorded = 0;
  readonly #spoiled: Spoiled[] = [];
  readonly #pending = new Set<Promise<void>>();
  readonly #gpu: GPUDevice;
  readonly #onLost = new Set<(error: DeviceLostError) => void>();
  /** The epoch of the work that is making GPU calls right now. */
  #current: number | undefined;

  /** @param owned false: the app has other work on this device, whose errors are its own affair */
  constructor(gpu: GPUDevice, owned: boolean) {
    this.#gpu = gpu;
    void gpu.lost.then((info) => this.lose(info.reason === "destroyed" ? undefined : info.message || info.reason));
    // Errors inside our scopes never come here: this is what a driver reports out of turn.
    if (owned) gpu.addEventListener?.("uncapturederror", (event) => this.record(0, asError("GPU", (event as GPUUncapturedErrorEvent).error)));
  }

  /** Notes that the device is gone: by an accident, or because it was destroyed (no `reason`). */
  lose(reason?: string): void {
    if (this.lost) return;
    this.lost = new DeviceLostError(reason === undefined ? "The device was destroyed: create a new one." : `The GPU was lost (${reason}). Create a new device and load the last checkpoint.`);
    for (const listener of this.#onLost) listener(this.lost);
    this.#onLost.clear();
  }

  /** `promise`, or a rejection as soon as the device is lost: what waits for the GPU must not wait for ever. */
  async untilLost<T>(promise: Promise<T>): Promise<T> {
    let listener!: (error: DeviceLostError) => void;
    const lost = new Promise<never>((_, reject) => this.#onLost.add((listener = reject)));
    lost.catch(() => undefined);
    if (this.lost) listener(this.lost);
    try {
      return await Promise.race([lost, promise]);
    } finally {
      this.#onLost.delete(listener);
    }
  }

  /** The number of a new piece of work. */
  next(): number {
    return ++this.epoch;
  }

  /** Spoils everything from epoch `from` until now. What is made from here on is sound. */
  record(from: number, error: AtrousError): void {
    this.#spoiled.push({ from, to: this.epoch++, error, thrown: false });
    this.recorded++;
  }

  /**
   * Runs `work`, which makes GPU calls for `what`; errors that they raise spoil `epoch` (default: that of the work
   * around it, or a new one).
   *
   * @param failed told of an error when it is known
   */
  guard<T>(what: string, work: () => T, { epoch = this.#current ?? this.next(), failed }: { epoch?: number; failed?: (result: T) => void } = {}): T {
    const outer = this.#current;
    this.#current = epoch;
    this.#gpu.pushErrorScope("out-of-memory");
    this.#gpu.pushErrorScope("validation");
    let result: T | undefined;
    try {
      return (result = work());
    } finally {
      this.#current = outer;
      const note = (error: GPUError | null): void => {
        if (!error) return;
        this.record(epoch, asError(what, error));
        if (result !== undefined) failed?.(result);
      };
      // A scope that cannot say whether there was an error counts as one. (Those of a lost device end so; the loss is what gets reported.)
      const unknown = (reason: unknown): void => this.record(epoch, new DeviceError(`${what}: the GPU gave no answer. ${String(reason)}`));
      const check = Promise.all([this.#gpu.popErrorScope().then(note, unknown), this.#gpu.popErrorScope().then(note, unknown)]).then(() => void this.#pending.delete(check));
      this.#pending.add(check);
    }
  }

  /** Waits until every error caused so far is known. */
  async settled(): Promise<void> {
    await this.untilLost(Promise.all(this.#pending));
  }

  /** The error that began in `epoch`, if one is known. */
  causedBy(epoch: number): AtrousError | undefined {
    return this.#spoiled.find(({ from }) => from === epoch)?.error;
  }

  /** Throws if the device is gone, or if work of `epoch` was spoiled by an error. */
  check(epoch?: number): void {
    if (this.lost) throw this.lost;
    if (epoch === undefined) return;
    const spoiled = this.#spoiled.find(({ from, to }) => epoch >= from && epoch <= to);
    if (!spoiled) return;
    spoiled.thrown = true;
    throw spoiled.error;
  }

  /** Throws the first error that nobody has been told of. */
  checkAll(): void {
    this.check();
    const untold = this.#spoiled.filter(({ thrown }) => !thrown);
    for (const spoiled of untold) spoiled.thrown = true;
    if (untold[0]) throw untold[0].error;
  }
}

function asError(what: string, error: GPUError): AtrousError {
  return error.constructor.name === "GPUOutOfMemoryError"
    ? new OutOfMemoryError(`${what}: the GPU is out of memory. Use a smaller batch or image, or dispose of tensors. (${error.message})`)
    : new DeviceError(`${what}: the GPU refused the work. ${error.message}`);
}
