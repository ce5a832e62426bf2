import type { DType } from "../runtime/dtype.js";
import type { KernelCall, Operand } from "../runtime/kernel.js";
import type { Shape } from "../runtime/shape.js";

export type { KernelCall, Operand } from "../runtime/kernel.js";

/** What kernels may know of the machine when they choose a variant. */
export interface AdapterTraits {
  /** A CPU pretending to be a GPU: workgroup memory and barriers are slow, registers and plain loads are fast. */
  readonly software: boolean;
  readonly features: ReadonlySet<string>;
  /** Lanes of every subgroup; 0 or absent where they differ, or nobody knows. */
  readonly subgroupSize?: number;
  readonly limits: { readonly maxComputeInvocationsPerWorkgroup: number; readonly maxComputeWorkgroupStorageSize: number; readonly maxStorageBufferBindingSize: number };
  /** Test hook: names of kernel variants to force where they apply ("clear", "direct", "tiled", one tile as "tiled:64x64x16"); undefined lets the cost model choose. */
  readonly variant?: string | undefined;
  /** Measured choices, where the user gave a table of them (see kernels/tuning.ts). */
  readonly tuning?: TunedChoices | undefined;
}

/** What a table of measurements says to kernels that ask for their geometry. */
export interface TunedChoices {
  /** The variant for a geometry; undefined or "": what the cost model says. `candidates` are those to measure. */
  choice(key: string, candidates: () => readonly string[]): string | undefined;
  /** Threads that fill the adapter, where that was measured. */
  readonly filling: number | undefined;
}

/** Turns an op into dispatches: an op's `lower` calls `run` for each, in order. */
export interface Lowering {
  readonly adapter: AdapterTraits;
  /** Scratch memory that lives from its first to its last use in this op. */
  temp(shape: Shape, dtype?: DType): Operand;
  run(call: KernelCall): void;
}

/** Where channels of an operand start and how far rows are apart: dense unless a concatenation was fused. */
export function channelSlice(operand: Operand): { stride: number; offset: number } {
  return operand.slice ?? { stride: operand.shape.at(-1) ?? 1, offset: 0 };
}
