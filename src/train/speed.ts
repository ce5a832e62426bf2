/** How fast training goes, measured between steps, pauses left out. */
export class Speed {
  readonly #images: number;
  #seconds = 0;
  #last: { time: number; step: number | undefined } | undefined;
  #begun = false;

  /** @param images images per step */
  constructor(images: number) {
    this.#images = images;
  }

  /** True once `resume` was called for the first time. */
  get running(): boolean {
    return this.#begun;
  }

  /** From now on time counts. */
  resume(): void {
    this.#begun = true;
    this.#last = { time: performance.now(), step: undefined };
  }

  /** Time does not count until `resume`. */
  pause(): void {
    this.#last = undefined;
  }

  /** The result of a step has arrived. */
  step(step: number): void {
    if (!this.#last) return;
    const time = performance.now();
    const steps = this.#last.step === undefined ? 1 : step - this.#last.step;
    const seconds = (time - this.#last.time) / 1000 / steps;
    // The mean of about the last twenty steps.
    this.#seconds = this.#seconds === 0 ? seconds : this.#seconds + 0.05 * (seconds - this.#seconds);
    this.#last = { time, step };
  }

  get imagesPerSecond(): number {
    return this.#seconds > 0 ? this.#images / this.#seconds : 0;
  }

  secondsFor(steps: number): number {
    return this.#seconds * steps;
  }
}
