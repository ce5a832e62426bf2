import type { ChannelSlice, KernelCall, Operand } from "../runtime/kernel.js";
import type { Shape } from "../runtime/shape.js";
import type { Storage } from "../runtime/storage.js";
import type { Block } from "./memory-plan.js";
import type { Variable } from "./variable.js";

/** Memory of one or several values of a plan. */
export interface Memory extends Block {
  readonly name: string;
  readonly shape: Shape;
  /** Bytes that its values fill, whole words except for an odd number of f16; the rest of `bytes` is padding. */
  readonly filled: number;
  /** Memory that exists already: a variable's, or a tensor closed over. */
  readonly variable?: Variable;
  readonly held?: Storage;
  /** Number of the caller's tensor that stands for it: arguments first, then results. Such memory is bound where it is, and copied nowhere. */
  slot?: number;
  /** Written only by dispatches whose inputs never change within the plan: kept from call to call. */
  static: boolean;
}

/** An operand with its memory: what kernels see, and what the plan binds. */
export interface Located extends Operand {
  readonly memory: Memory;
  readonly offset: number;
  readonly slice?: ChannelSlice;
  /** An input of a concatenation that its producer has already written in place. */
  readonly inPlace?: boolean;
}

export const located = (operand: Operand): Located => operand as Located;

const accessOf = (call: KernelCall, name: string): string => call.shader.entries[call.entry]![name]![1];

/** What a dispatch binds, and whether it only reads it. */
export const boundBy = (call: KernelCall): { name: string; memory: Memory; reads: boolean }[] =>
  Object.entries(call.bindings).map(([name, operand]) => ({ name, memory: located(operand).memory, reads: accessOf(call, name) === "read" }));

/** Memories that a dispatch reads, and those that it writes. */
export function usesOf(call: KernelCall): { reads: Memory[]; writes: Memory[] } {
  const reads: Memory[] = [];
  const writes: Memory[] = [];
  for (const [name, operand] of Object.entries(call.bindings)) (accessOf(call, name) === "read" ? reads : writes).push(located(operand).memory);
  return { reads, writes };
}
