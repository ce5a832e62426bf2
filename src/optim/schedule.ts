import { OptionError, checkOptions } from "../runtime/errors.js";

/** A learning rate, or how it follows from the number of updates made so far (0 before the first). */
export type LearningRate = number | ((step: number) => number);

/** What `schedule` gives at `step`. */
export const rateAt = (schedule: LearningRate, step: number): number => (typeof schedule === "number" ? schedule : schedule(step));

function check(name: string, steps: number, rates: Record<string, number>, options: object, allowed: readonly string[]): void {
  checkOptions(name, options, allowed);
  if (!(steps > 0)) throw new OptionError(`${name}: the number of steps must be positive, not ${steps}.`);
  for (const [key, value] of Object.entries(rates)) if (!(value >= 0 && value < Infinity)) throw new OptionError(`${name}: ${key} must be a number of at least 0, not ${value}.`);
}

/** base · (1 − step / steps)^power, down to `end`: the schedule of DeepLab (Chen et al. 2017) and PSPNet; power is 0.9 there. */
export function poly(base: number, steps: number, options: { power?: number; end?: number } = {}): LearningRate {
  const { power = 0.9, end = 0 } = options;
  check("poly", steps, { base, power, end }, options, ["power", "end"]);
  return (step) => end + (base - end) * (1 - Math.min(step, steps) / steps) ** power;
}

/** From base to end along half a cosine (Loshchilov & Hutter 2017, without restarts). */
export function cosine(base: number, steps: number, options: { end?: number } = {}): LearningRate {
  const { end = 0 } = options;
  check("cosine", steps, { base, end }, options, ["end"]);
  return (step) => end + ((base - end) / 2) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps));
}

/** base · gamma^⌊step / every⌋. */
export function stepDecay(base: number, every: number, options: { gamma?: number } = {}): LearningRate {
  const { gamma = 0.1 } = options;
  check("stepDecay", every, { base, gamma }, options, ["gamma"]);
  return (step) => base * gamma ** Math.floor(step / every);
}

/** Rises in a line from `from`·rate to the rate of `after` over the first `steps` updates, then follows it. */
export function warmUp(after: LearningRate, steps: number, options: { from?: number } = {}): LearningRate {
  const { from = 0 } = options;
  check("warmUp", steps, { from, ...(typeof after === "number" ? { after } : {}) }, options, ["from"]);
  return (step) => rateAt(after, step) * (step >= steps ? 1 : from + (1 - from) * ((step + 1) / steps));
}
