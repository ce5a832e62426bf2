import { OptionError } from "../runtime/errors.js";

/** A learning rate, or how it follows from the number of updates made so far (0 before the first). */
export type LearningRate = number | ((step: number) => number);

/** What `schedule` gives at `step`. */
export const rateAt = (schedule: LearningRate, step: number): number => (typeof schedule === "number" ? schedule : schedule(step));

function check(name: string, steps: number): void {
  if (!(steps > 0)) throw new OptionError(`${name}: the number of steps must be positive, not ${steps}.`);
}

/** base · (1 − step / steps)^power: the schedule of DeepLab (Chen et al. 2017) and PSPNet; power is 0.9 there. */
export function poly(base: number, steps: number, { power = 0.9, end = 0 }: { power?: number; end?: number } = {}): LearningRate {
  check("poly", steps);
  return (step) => end + (base - end) * (1 - Math.min(step, steps) / steps) ** power;
}

/** From base to end along half a cosine (Loshchilov & Hutter 2017, without restarts). */
export function cosine(base: number, steps: number, { end = 0 }: { end?: number } = {}): LearningRate {
  check("cosine", steps);
  return (step) => end + ((base - end) / 2) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps));
}

/** base · gamma^⌊step / every⌋. */
export function stepDecay(base: number, every: number, { gamma = 0.1 }: { gamma?: number } = {}): LearningRate {
  check("stepDecay", every);
  return (step) => base * gamma ** Math.floor(step / every);
}

/** Rises in a line from `from`·rate to the rate of `after` over the first `steps` updates, then follows it. */
export function warmUp(after: LearningRate, steps: number, { from = 0 }: { from?: number } = {}): LearningRate {
  check("warmUp", steps);
  return (step) => rateAt(after, step) * (step >= steps ? 1 : from + (1 - from) * ((step + 1) / steps));
}
