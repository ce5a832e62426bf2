import type { DType } from "./dtype.js";
import type { Shape } from "./shape.js";

/** How a shader uses a buffer. `uniform` bindings (`p`, `step`) are supplied by the plan, never by a caller. */
export type Access = "uniform" | "read" | "read_write";

/** What `scripts/gen-wgsl.mjs` reads out of one `.wgsl` file. */
export interface Shader {
  readonly name: string;
  /** WGSL with its includes in place. */
  readonly code: string;
  /** Entry point → binding name → [binding number, access], uniforms included. */
  readonly entries: Readonly<Record<string, Readonly<Record<string, readonly [number, Access]>>>>;
  /** Fields of `struct Params`, in order. */
  readonly params: Readonly<Record<string, "u32" | "i32" | "f32">>;
  /** `override` constants and their defaults. */
  readonly overrides: Readonly<Record<string, number>>;
  /** `const … //!tune` lines and their defaults. */
  readonly consts: Readonly<Record<string, number>>;
}

/** A tensor as kernels see it: where it lives is the plan's affair. */
export interface Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Set when the tensor's channels are a slice of a wider buffer (a fused concatenation). */
  readonly slice?: ChannelSlice;
}

/** The last axis is `offset … offset + C` of rows that are `stride` elements long. */
export interface ChannelSlice {
  readonly stride: number;
  readonly offset: number;
}

export type Workgroups = readonly [number, number, number];

/** One dispatch, before it has buffers. */
export interface KernelCall {
  readonly shader: Shader;
  readonly entry: string;
  readonly bindings: Readonly<Record<string, Operand>>;
  readonly params: Readonly<Record<string, number>>;
  readonly constants: Readonly<Record<string, number>>;
  readonly workgroups: Workgroups;
  /** Floating-point operations and bytes moved, for `plan.profile()`; 0 when nobody counted. */
  readonly flops: number;
  /** Bindings that it only reads, but that have to be bound as writable, because they stand in a buffer that it writes. In alphabetical order. */
  writable?: readonly string[];
}

type Bound<S extends Shader, E extends keyof S["entries"]> = Exclude<keyof S["entries"][E], "p" | "step">;

export interface KernelUse<S extends Shader, E extends keyof S["entries"]> {
  bindings: Record<Bound<S, E>, Operand>;
  params?: Record<keyof S["params"], number>;
  /** Values for `override` and `//!tune` constants; the rest keep their defaults. */
  constants?: Partial<Record<keyof S["overrides"] | keyof S["consts"], number>>;
  /** Either a number of threads (see `shaders/lib/grid.wgsl`, workgroups of `WG`), or workgroups outright. */
  threads?: number;
  workgroups?: Workgroups;
  flops?: number;
}

export type Kernel<S extends Shader, E extends keyof S["entries"]> = (use: KernelUse<S, E>) => KernelCall;

/** WebGPU's limit of workgroups in one dimension; larger grids fold into y. */
export const MAX_WORKGROUPS = 65535;

/** Workgroups for `threads` threads in rows of `size`, folded into y (undone by `flat_index` in lib/grid.wgsl). */
export function grid(threads: number, size: number): Workgroups {
  const groups = Math.max(1, Math.ceil(threads / size));
  const y = Math.ceil(groups / MAX_WORKGROUPS);
  return [Math.ceil(groups / y), y, 1];
}

/** The typed call of one entry point of one shader: names of bindings, parameters and constants are checked by the compiler. */
export function defineKernel<const S extends Shader, E extends keyof S["entries"] & string>(shader: S, entry: E): Kernel<S, E> {
  return ({ bindings, params, constants, threads, workgroups, flops }) => {
    const given = (constants ?? {}) as Record<string, number>;
    const size = given["WG"] ?? shader.overrides["WG"] ?? 64;
    return {
      shader,
      entry,
      bindings: bindings as Record<string, Operand>,
      params: (params ?? {}) as Record<string, number>,
      constants: given,
      workgroups: workgroups ?? grid(threads ?? 1, size),
      flops: flops ?? 0,
    };
  };
}
