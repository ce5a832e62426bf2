import { measureFilling } from "../kernels/adapter-limits.js";
import type { Lowering, TunedChoices } from "../kernels/lowering.js";
import { tuningOf, type Tuning } from "../kernels/tuning.js";
import type { Device, SharedBuffer } from "../runtime/device.js";
import { byteLength } from "../runtime/dtype.js";
import { checkOptions, OptionError } from "../runtime/errors.js";
import { BINDING_ALIGNMENT, alignUp } from "../runtime/gpu.js";
import type { KernelCall, Operand } from "../runtime/kernel.js";
import { Program } from "../runtime/program.js";
import { sizeOf } from "../runtime/shape.js";
import { compile, type Compiled } from "./compile.js";
import type { Node, Value } from "./node.js";

/** What `tune` takes: a compiled function, one that could be, or a model. */
export type Tunable<A extends unknown[]> = ((...args: A) => unknown) | { forward(...args: A): unknown };

export interface TuneOptions {
  /** Milliseconds to spend on measuring, compilation not counted. Default 300. */
  budget?: number | undefined;
}

/** How much faster than the cost model's choice another must be to replace it: less is noise. */
const MARGIN = 0.95;
/** Milliseconds that a measurement lasts at least, and rounds of it. */
const [LEAST_MS, ROUNDS, MOST_REPEATS] = [2, 2, 20];

/**
 * Measures which kernels are the fastest for the convolutions and matrix products of a function on this device: at most eight candidates
 * for each distinct geometry, the largest first, until the budget is spent. Nothing changes by itself, so that training stays the same
 * bits from run to run: keep the table as JSON and give it to `createDevice`.
 *
 *     const tuning = await tune(device, model, [image]);
 *     const faster = await createDevice({ tuning });
 *
 * @param args what `subject` is called with, for the shapes
 * @returns the device's table with what is new; geometries that it holds already are not measured again
 * @throws OptionError for a budget that is no positive number; what capturing the function throws
 */
export async function tune<A extends unknown[]>(device: Device, subject: Tunable<A>, args: A, options: TuneOptions = {}): Promise<Tuning> {
  checkOptions("tune", options, ["budget"]);
  const { budget = 300 } = options;
  if (!(budget > 0)) throw new OptionError(`tune: budget must be a number of milliseconds above 0, not ${budget}.`);
  const compiled = "plan" in subject ? (subject as Compiled<A, unknown>) : compile((...given: A) => ("forward" in subject ? subject.forward(...given) : subject(...given)));
  const known = tuningOf(device);
  const choices: Record<string, string> = { ...known.choices };
  try {
    const { graph } = compiled.plan(...args);
    const found = new Map<string, { node: Node; candidates: readonly string[]; flops: number }>();
    for (const node of graph.nodes) {
      if (node.op.traits.alias) continue;
      const keys: [string, readonly string[]][] = [];
      const calls = lowered(device, node, (key, candidates) => void keys.push([key, candidates()]));
      for (const [key, candidates] of keys) if (!Object.hasOwn(choices, key)) found.set(key, { node, candidates, flops: calls.reduce((sum, call) => sum + call.flops, 0) });
    }
    let left = budget;
    for (const [key, { node, candidates }] of [...found].sort(([, a], [, b]) => b.flops - a.flops)) {
      let best: { name: string; time: number } | undefined;
      const tried = new Set<string>();
      for (const name of ["", ...candidates]) {
        const calls = lowered(device, node, () => name);
        // Where a variant does not apply, another takes its place, which has been measured.
        const same = JSON.stringify(calls.map(({ shader, entry, constants, params }) => [shader.name, entry, constants, params]));
        if (tried.has(same)) continue;
        tried.add(same);
        const { time, spent } = await measured(device, calls);
        left -= spent;
        if (left < 0) break;
        if (!best || time < (best.name === "" ? MARGIN : 1) * best.time) best = { name, time };
      }
      if (left < 0) break;
      choices[key] = best!.name;
    }
  } finally {
    if (compiled !== subject) compiled.dispose();
  }
  return { ...known, choices };
}

/**
 * Measures how many threads fill this device's adapter, which the cost model then takes instead of a large GPU's number: for tables given to
 * `createDevice`, as `tune` makes them. A fraction of a second on a GPU.
 *
 * @returns the device's table with that
 */
export async function calibrate(device: Device): Promise<Tuning> {
  return { ...tuningOf(device), filling: await measureFilling(device) };
}

/** The dispatches of a node alone, with `choice` in place of a table. */
function lowered(device: Device, node: Node, choice: (key: string, candidates: () => readonly string[]) => string | undefined): KernelCall[] {
  const calls: KernelCall[] = [];
  const operands = (values: Record<string, Value | undefined>): Record<string, Operand> =>
    Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value ? [[name, { shape: value.shape, dtype: value.dtype }]] : [])));
  const tuning: TunedChoices = { choice: (key, candidates) => choice(key, candidates) ?? undefined, filling: device.adapter.tuning?.filling };
  const low: Lowering = {
    adapter: { ...device.adapter, tuning },
    temp: (shape, dtype = "f32") => ({ shape, dtype }),
    run: (call) => void (call.workgroups.includes(0) || calls.push(call)),
  };
  node.op.lower(low, operands(node.inputs), operands(node.outputs), node.options);
  return calls;
}

/** Milliseconds of one run of some dispatches on zeros, and of all runs that it took to find out. */
async function measured(device: Device, calls: readonly KernelCall[]): Promise<{ time: number; spent: number }> {
  const buffers = new Map<Operand, SharedBuffer>();
  const bytes = ({ dtype, shape }: Operand): number => alignUp(Math.max(16, byteLength(dtype, sizeOf(shape))), BINDING_ALIGNMENT);
  let program: Program | undefined;
  try {
    for (const operand of calls.flatMap(({ bindings }) => Object.values(bindings))) if (!buffers.has(operand)) buffers.set(operand, device.allocateShared(bytes(operand), "tune"));
    program = new Program(device, "tune", calls, [], (operand) => ({ buffer: buffers.get(operand)!, offset: 0, bytes: bytes(operand) }));
    await program.ready;
    const { failures } = device;
    const run = async (times: number): Promise<number> => {
      const start = performance.now();
      for (let i = 0; i < times; i++) program!.run({ epoch: failures.next(), from: 0 });
      await device.idle();
      return performance.now() - start;
    };
    let spent = await run(1);
    const again = await run(1);
    spent += again;
    let time = again;
    const repeats = Math.min(MOST_REPEATS, Math.ceil(LEAST_MS / again));
    for (let round = 0; round < ROUNDS; round++) {
      const taken = await run(repeats);
      spent += taken;
      time = Math.min(time, taken / repeats);
    }
    return { time, spent };
  } finally {
    program?.dispose();
    for (const buffer of buffers.values()) device.releaseShared(buffer);
  }
}
