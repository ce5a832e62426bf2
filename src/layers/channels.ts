import { OptionError } from "../runtime/errors.js";

/** Throws unless every count is a whole number of at least 1 that the groups divide. */
export function requireChannels(layer: string, counts: Record<string, number>, groups = 1): void {
  for (const [name, count] of Object.entries({ ...counts, groups }))
    if (!Number.isInteger(count) || count < 1) throw new OptionError(`${layer}: ${name} must be a whole number of at least 1 but is ${count}.`);
  for (const [name, count] of Object.entries(counts))
    if (count % groups !== 0) throw new OptionError(`${layer}: groups (${groups}) must divide ${name} (${count}).`);
}
