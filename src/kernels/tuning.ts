import type { Device } from "../runtime/device.js";
import { OptionError } from "../runtime/errors.js";
import { tileCost, tilesOf, type Work } from "./gemm-tiles.js";
import { laneShaders } from "./lanes.js";
import type { Lowering, Operand } from "./lowering.js";
import columns from "./wgsl/conv2d-columns.js";
import direct from "./wgsl/conv2d-direct.js";
import directInputGradient from "./wgsl/conv2d-direct-input-gradient.js";
import directWeightGradient from "./wgsl/conv2d-direct-weight-gradient.js";
import tiled from "./wgsl/conv2d-tiled.js";
import tiledInputGradient from "./wgsl/conv2d-tiled-input-gradient.js";
import tiledWeightGradient from "./wgsl/conv2d-tiled-weight-gradient.js";
import matmulColumns from "./wgsl/matmul-columns.js";
import matmulTiled from "./wgsl/matmul-tiled.js";

/** Which kernels were fastest on an adapter: plain data, to be kept as JSON and given to `createDevice`. Made by `tune` and `calibrate`. */
export interface Tuning {
  readonly format: "atrous-tuning";
  /** What the adapter says of itself, its driver included; the table holds for no other. */
  readonly adapter: string;
  /** A number that changes with the kernels. */
  readonly kernels: string;
  /** By geometry, the name of a kernel variant; "" where the cost model's choice was the fastest. */
  readonly choices: Readonly<Record<string, string>>;
  /** Threads that fill the adapter, from `calibrate`. */
  readonly filling?: number | undefined;
}

const FORMAT = "atrous-tuning";
/** Candidates for a geometry, beside the cost model's choice. */
const MOST = 7;

/** FNV-1a over the code of the kernels that are chosen among. */
function kernelVersion(): string {
  let hash = 0x811c9dc5;
  const chosenAmong = [columns, direct, directInputGradient, directWeightGradient, matmulColumns, matmulTiled, tiled, tiledInputGradient, tiledWeightGradient, ...laneShaders()];
  for (const { code } of chosenAmong)
    for (let i = 0; i < code.length; i++) hash = Math.imul(hash ^ code.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}

const tables = new WeakMap<Device, Tuning>();

/** The table that a device works by; one without choices where it was given none. */
export const tuningOf = (device: Device): Tuning => tables.get(device) ?? { format: FORMAT, adapter: device.adapter.identity, kernels: kernelVersion(), choices: {} };

/**
 * Makes a device choose kernels by a table. Plans that exist stay as they are.
 *
 * @throws OptionError for what is no table, and for one of another adapter, driver or version of the kernels
 */
export function useTuning(device: Device, tuning: Tuning): void {
  const { choices, filling } = tuning;
  if (tuning.format !== FORMAT || typeof choices !== "object" || (filling !== undefined && !(filling > 0))) throw new OptionError("tuning must be a table that tune or calibrate made.");
  const { adapter, kernels } = tuningOf(device);
  if (tuning.adapter !== adapter) throw new OptionError(`tuning was measured on "${tuning.adapter}" and this adapter is "${adapter}". Run tune here.`);
  if (tuning.kernels !== kernels) throw new OptionError("tuning was measured with the kernels of another version of the library. Run tune again.");
  tables.set(device, tuning);
  device.adapter.tuning = { choice: (key) => (Object.hasOwn(choices, key) ? choices[key] : undefined), filling };
}

/** The device, which chooses kernels by the table if there is one; destroyed where the table does not fit. */
export async function withTuning(device: Device, tuning: Tuning | undefined): Promise<Device> {
  try {
    if (tuning) useTuning(device, tuning);
    return device;
  } catch (error) {
    await device.destroy();
    throw error;
  }
}

const shown = ({ shape, dtype }: Operand): string => `${dtype}[${shape.join()}]`;

/** What decides how fast the variants of an op are: its name, the shapes of what it reads and writes, and its options. */
export const geometry = (op: string, operands: readonly Operand[], options: object): string => [op, ...operands.map(shown), ...Object.values(options).map(String)].join(" ");

/**
 * The lowering with the variant that the device's table names for a geometry; as it was where there is none, and while tests force
 * another.
 *
 * @param work for the order of the tiles to measure
 * @param direct names of the variants without workgroup memory
 */
export function tuned(low: Lowering, key: string, work: Work, direct: readonly string[]): Lowering {
  const { tuning, variant, software } = low.adapter;
  if (!tuning || variant !== undefined) return low;
  const choice = tuning.choice(key, () => {
    // A CPU's workgroup memory is no faster than its memory.
    const tiles = software ? [] : tilesOf(low, "rows").map((tile) => ({ name: `tiled:${tile.name}`, cost: tileCost(low, work, tile) })).sort((a, b) => a.cost - b.cost);
    return [...direct, ...tiles.map(({ name }) => name)].slice(0, MOST);
  });
  return choice ? { ...low, adapter: { ...low.adapter, variant: choice } } : low;
}
