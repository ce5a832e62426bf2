import { lowerConcat } from "../kernels/concat.js";
import type { AdapterTraits, Lowering } from "../kernels/lowering.js";
import { byteLength, bytesPerElement, type DType } from "../runtime/dtype.js";
import { ShapeError } from "../runtime/errors.js";
import { BINDING_ALIGNMENT, alignUp } from "../runtime/gpu.js";
import { MAX_WORKGROUPS, type ChannelSlice, type KernelCall } from "../runtime/kernel.js";
import { sizeOf, type Shape } from "../runtime/shape.js";
import { byLevels } from "./levels.js";
import { inputsOf, type Graph, type Node, type Value } from "./node.js";
import { located, usesOf, type Located, type Memory } from "./uses.js";
import type { Variable } from "./variable.js";

export interface Lowered {
  /** Dispatches that depend only on variables the plan does not assign: run when one of those has changed. */
  readonly statics: readonly KernelCall[];
  readonly calls: readonly KernelCall[];
  readonly memories: Memory[];
  readonly inputs: Located[];
  readonly outputs: Located[];
  /** Which node made each dispatch. */
  readonly origin: Map<KernelCall, Node>;
}

/** Turns a graph into dispatches over memories, deciding who writes into whose memory. */
export function lowerGraph(graph: Graph, adapter: AdapterTraits): Lowered {
  const memories: Memory[] = [];
  const locations = new Map<Value, Located>();
  const memory = (name: string, shape: Shape, bytes: number, home: Pick<Memory, "variable" | "held"> = {}): Memory => {
    const made: Memory = { name, shape, filled: bytes, bytes: alignUp(Math.max(4, bytes), BINDING_ALIGNMENT), first: Infinity, last: -Infinity, static: false, ...home };
    memories.push(made);
    return made;
  };
  const fresh = (shape: Shape, dtype: DType, name: string): Located => ({ shape, dtype, memory: memory(name, shape, dtype === "f16" ? 2 * sizeOf(shape) : byteLength(dtype, sizeOf(shape))), offset: 0 });

  const variableMemory = new Map<Variable, Memory>();
  const home = (variable: Variable, value: { shape: Shape; dtype: DType }): Located => {
    let made = variableMemory.get(variable);
    if (!made) variableMemory.set(variable, (made = memory(variable.name, variable.shape, variable.bytes, { variable })));
    return { shape: value.shape, dtype: value.dtype, memory: made, offset: 0 };
  };
  const placed = placeInConcats(graph);

  /** The location of a value, made when it is first asked for. */
  const locate = (value: Value): Located => {
    let found = locations.get(value);
    if (found) return found;
    const into = placed.get(value);
    if (into) {
      const target = locate(into.target);
      found = into.slice
        ? { shape: value.shape, dtype: value.dtype, memory: target.memory, offset: target.offset, slice: into.slice, inPlace: true }
        : { shape: value.shape, dtype: value.dtype, memory: target.memory, offset: target.offset + into.offset, inPlace: true };
    } else if (value.home) found = home(value.home, value);
    else if (value.source && "held" in value.source) found = { shape: value.shape, dtype: value.dtype, memory: memory("held", value.shape, value.source.held.bytes, { held: value.source.held }), offset: 0 };
    else if (value.from?.node.op.traits.alias) found = { ...locate(inputsOf(value.from.node)[0]!), shape: value.shape };
    else found = fresh(value.shape, value.dtype, value.from ? `${value.from.node.op.name}${value.from.output === "out" ? "" : `.${value.from.output}`}` : "input");
    locations.set(value, found);
    return found;
  };

  const inputs = graph.capture.inputs.map(locate);
  const calls: KernelCall[] = [];
  const origin = new Map<KernelCall, Node>();
  for (const node of graph.nodes) {
    if (node.op.traits.alias) continue;
    const operands = (values: Record<string, Value | undefined>): Record<string, Located> =>
      Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value ? [[name, locate(value)]] : [])));
    const low: Lowering = {
      adapter,
      temp: (shape, dtype = "f32") => fresh(shape, dtype, `${node.op.name} scratch`),
      run: (call) => {
        checkGrid(node.op.name, call);
        // Nothing to do for tensors without elements.
        if (call.workgroups.includes(0)) return;
        calls.push(call);
        origin.set(call, node);
      },
    };
    const [reads, writes] = [operands(node.inputs), operands(node.outputs)];
    const copies = aside(Object.values(reads), writes, low);
    node.op.lower(low, reads, writes, node.options);
    // Joining one tensor is copying it.
    for (const [x, out] of copies) lowerConcat(low, { x0: flat(x) }, { out: flat(out) }, { axis: 0 });
  }
  const outputs = graph.outputs.map(locate);
  const { statics, rest } = split(calls, graph, outputs);
  const ordered = byLevels(rest, inputs, outputs);
  noteSpans(ordered);
  return { statics, calls: ordered, memories, inputs, outputs, origin };
}

/** Refuses, before anything is submitted, a dispatch that WebGPU would: kernels fold their grids where they can. */
function checkGrid(op: string, { workgroups, bindings }: KernelCall): void {
  if (workgroups.every((count) => count <= MAX_WORKGROUPS)) return;
  const shapes = Object.fromEntries(Object.entries(bindings).map(([name, { shape }]) => [name, shape]));
  throw new ShapeError(op, `the work needs ${workgroups.join(" × ")} workgroups, and a dispatch has at most ${MAX_WORKGROUPS} along each axis. Use a smaller batch or image`, shapes);
}

const flat = (operand: Located): Located => ({ ...operand, shape: [sizeOf(operand.shape)] });

/**
 * A dispatch must not read and write one buffer: an assignment that reads the variable (or one in the same buffer) is
 * computed beside it first. Puts scratch memory in place of such outputs and returns what to copy afterwards.
 */
function aside(reads: readonly Located[], writes: Record<string, Located>, low: Lowering): [from: Located, to: Located][] {
  const bufferOf = ({ memory }: Located): unknown => (memory.variable ? memory.variable.storage?.buffer : undefined);
  const read = new Set(reads.map(bufferOf));
  return Object.entries(writes).flatMap(([name, target]): [Located, Located][] => {
    const buffer = bufferOf(target);
    if (!buffer || !read.has(buffer)) return [];
    const scratch = located(low.temp(target.shape, target.dtype));
    writes[name] = scratch;
    return [[scratch, target]];
  });
}

/**
 * Which values their producers write straight into a concatenation: a slice of the channels where the kernel can
 * (`sliceOutput`) and nobody else reads the value, any part along the first axis, where a slice is contiguous.
 */
function placeInConcats(graph: Graph): Map<Value, { target: Value; slice?: ChannelSlice; offset: number }> {
  const uses = new Map<Value, number>();
  for (const node of graph.nodes) for (const value of inputsOf(node)) uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const value of graph.outputs) uses.set(value, Infinity);
  const placed = new Map<Value, { target: Value; slice?: ChannelSlice; offset: number }>();
  const targets = new Set<Value>();
  for (const node of graph.nodes) {
    if (!node.op.traits.concat) continue;
    const target = node.outputs["out"]!;
    const { axis, offsets } = node.options as { axis: number; offsets?: number[] };
    let start = 0;
    inputsOf(node).forEach((value, i) => {
      const at = offsets?.[i] ?? start;
      start += value.shape[axis]!;
      const producer = value.from?.node;
      if (!producer || value.home || uses.get(value) !== 1 || placed.has(value) || targets.has(value)) return;
      if (producer.op.traits.alias || producer.op.traits.concat || inputsOf(producer).some((input) => placed.get(input)?.target === target)) return;
      const inner = sizeOf(target.shape.slice(axis + 1));
      const contiguous = sizeOf(target.shape.slice(0, axis)) === 1;
      const offset = at * inner * bytesPerElement(value.dtype);
      if (contiguous && offset % BINDING_ALIGNMENT === 0) placed.set(value, { target, offset });
      else if (inner === 1 && producer.op.traits.sliceOutput) placed.set(value, { target, slice: { stride: target.shape.at(-1)!, offset: at }, offset: 0 });
    });
    targets.add(target);
  }
  return placed;
}

/** Separates what depends on unchanging variables only. */
function split(calls: readonly KernelCall[], graph: Graph, outputs: readonly Located[]): { statics: KernelCall[]; rest: KernelCall[] } {
  const { assigned } = graph.capture;
  const writers = new Map<Memory, number>();
  for (const call of calls) for (const memory of usesOf(call).writes) writers.set(memory, (writers.get(memory) ?? 0) + 1);
  const fixed = (memory: Memory): boolean => memory.static || memory.held !== undefined || (memory.variable !== undefined && !assigned.has(memory.variable) && !writers.has(memory));
  const statics: KernelCall[] = [];
  const rest: KernelCall[] = [];
  const out = new Set(outputs.map((o) => o.memory));
  for (const call of calls) {
    const { reads, writes } = usesOf(call);
    const still = reads.every(fixed) && !("step" in call.shader.entries[call.entry]!) && writes.every((m) => !m.variable && writers.get(m) === 1 && !out.has(m));
    if (still) for (const memory of writes) memory.static = true;
    (still ? statics : rest).push(call);
  }
  return { statics, rest };
}

/** Notes when each memory is alive. */
function noteSpans(calls: readonly KernelCall[]): void {
  calls.forEach((call, i) => {
    const { reads, writes } = usesOf(call);
    for (const memory of [...reads, ...writes]) {
      memory.first = Math.min(memory.first, i);
      memory.last = Math.max(memory.last, i);
    }
  });
}
