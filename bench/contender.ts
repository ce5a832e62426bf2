import type { Inputs, Spec } from "./spec.js";

/** A computation that can be timed. */
export interface Runner {
  /** One run: queued, or, where the library cannot queue, done when the promise resolves. Results are thrown away at once. */
  run(): void | Promise<void>;
  /** Everything queued is done. */
  idle(): Promise<void>;
  dispose(): void | Promise<void>;
}

/** A runner whose numbers can be looked at. */
export interface ComparableRunner extends Runner {
  /** The results in the layouts of the house. */
  result(): Promise<Float32Array[]>;
}

/** Why a library does not compute a case. */
export interface Absent {
  readonly absent: string;
}

/** Another library. */
export interface Contender {
  readonly name: PeerName;
  readonly version: string;
  /** What has to be known to read its times. */
  readonly notes: readonly string[];
  /** Takes the inputs to its device, in its own layouts. Throws, or says, why it cannot. */
  prepare(spec: Spec, inputs: Inputs): Promise<ComparableRunner | Absent>;
  /** Its GPU device, where it shows it. */
  readonly device?: GPUDevice | undefined;
}

export const peerNames = ["tfjs", "jax", "ort"] as const;
export type PeerName = (typeof peerNames)[number];
