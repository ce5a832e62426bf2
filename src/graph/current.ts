import type { Capture } from "./capture.js";

let current: Capture | undefined;

/** The capture that operators are recorded into, if a function is being captured. */
export const capturing = (): Capture | undefined => current;

/** Runs `body` with operators recorded into `capture`. */
export function recordingInto<T>(capture: Capture, body: () => T): T {
  const outer = current;
  current = capture;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** Reads a host value, and makes the function being captured (if any) depend on it. */
export function guarded<T>(get: () => T): T {
  return current ? current.guard(get) : get();
}
