/**
 * Keeps GPU work in the order in which it was asked for, when some of it must wait (for a pipeline that is
 * still compiling, or a free readback slot): what comes later queues behind it. With nothing to wait for,
 * tasks run at once.
 */
export class WorkQueue {
  readonly #tasks: (() => void)[] = [];
  readonly #failed: (error: unknown) => void;
  #blocked = false;

  /** @param failed told of what a task throws that had to wait, when its caller is long gone */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  get idle(): boolean {
    return !this.#blocked && this.#tasks.length === 0;
  }

  run(task: () => void): void {
    if (this.idle) task();
    else this.#tasks.push(task);
  }

  /** Everything asked for from now on runs after `promise` has settled; a rejection is its owner's to report. */
  wait(promise: Promise<unknown>): void {
    this.run(() => this.#block(promise));
  }

  /** Called from inside a task: the task is tried again when `promise` has settled, before any later one. */
  retry(promise: Promise<unknown>, task: () => void): void {
    this.#tasks.unshift(task);
    this.#block(promise);
  }

  #block(promise: Promise<unknown>): void {
    this.#blocked = true;
    const resume = (): void => {
      this.#blocked = false;
      this.#drain();
    };
    promise.then(resume, resume);
  }

  #drain(): void {
    while (!this.#blocked && this.#tasks.length > 0) {
      try {
        this.#tasks.shift()!();
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
