import { readSafetensors, writeSafetensors, type SafeTensor } from "../io/safetensors.js";
import type { Module } from "../layers/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import { CheckpointError } from "../runtime/errors.js";

/** The value of every parameter and statistic of a model, by path, as it stands in memory. */
export type Snapshot = ReadonlyMap<string, Float32Array | Int32Array>;

/** Where a run stands, beside its tensors. Plain data. */
export interface Progress {
  /** Updates made. */
  readonly step: number;
  /** State of the random operators (dropout). */
  readonly random: { readonly seed: number; readonly step: number };
  /** The best validation so far. */
  readonly best: { readonly step: number; readonly score: number } | null;
  /** Validations since then. */
  readonly sinceBest: number;
  /** The step of the last validation. */
  readonly validatedAt: number;
  /** Bits are promised on this adapter only. */
  readonly adapter: string;
  /** What decides the course of the run; a run that is resumed must have the same. */
  readonly course: Readonly<Record<string, unknown>>;
  /** Whatever the program wants to find again. */
  readonly notes: unknown;
}

/** All that is needed to go on exactly. */
export interface Checkpoint {
  readonly progress: Progress;
  readonly model: Snapshot;
  readonly optimizer: ReadonlyMap<string, Float32Array>;
  /** The weights that were best by validation. */
  readonly best: Snapshot | undefined;
}

const FORMAT = "atrous-checkpoint";
const VERSION = "1";

/** Reads all parameters and statistics back. The copies are queued at once, so that they belong to one moment. */
export async function takeSnapshot(model: Module): Promise<Snapshot> {
  const entries = [...model.namedVariables()].map(([path, variable]) => [path, variable.data()] as const);
  return new Map(await Promise.all(entries.map(async ([path, data]) => [path, (await data) as Float32Array | Int32Array] as const)));
}

/** Puts the values of a snapshot into a model of the same shapes. */
export function applySnapshot(model: Module, snapshot: Snapshot, name = "the checkpoint"): void {
  const variables = [...model.namedVariables()];
  const missing = variables.filter(([path, { size, dtype }]) => snapshot.get(path)?.length !== size || (snapshot.get(path) instanceof Int32Array) !== (dtype === "i32"));
  if (missing.length > 0 || snapshot.size !== variables.length)
    throw new CheckpointError(`${name} is of another model: ${missing[0] ? `it holds no "${missing[0][0]}" of ${missing[0][1].size} values` : `it holds ${snapshot.size} tensors but this model has ${variables.length}`}. Make the model with the options that the run began with.`);
  for (const [path, variable] of variables) (variable as { write(data: Float32Array | Int32Array): void }).write(snapshot.get(path)!);
}

/** Puts model and optimizer where the checkpoint left them. */
export function restore(checkpoint: Checkpoint, model: Module, optimizer: Optimizer, name = "the checkpoint"): void {
  applySnapshot(model, checkpoint.model, name);
  optimizer.loadState({ step: checkpoint.progress.step, tensors: checkpoint.optimizer });
}

/** The checkpoint as a safetensors file: tensors under `model.`, `optimizer.` and `best.`, the rest as JSON in its metadata. */
export function writeCheckpoint({ progress, model, optimizer, best }: Checkpoint): Uint8Array {
  const tensors = new Map<string, SafeTensor>();
  const put = (part: string, values: ReadonlyMap<string, Float32Array | Int32Array>): void => {
    for (const [path, data] of values) tensors.set(`${part}.${path}`, { dtype: data instanceof Int32Array ? "I32" : "F32", shape: [data.length], data: data as SafeTensor["data"] });
  };
  put("model", model);
  put("optimizer", optimizer);
  if (best) put("best", best);
  return writeSafetensors(tensors, { format: FORMAT, formatVersion: VERSION, progress: JSON.stringify(progress) });
}

/**
 * Reads what `writeCheckpoint` wrote.
 *
 * @param name the file, for messages
 * @throws CheckpointError for damaged files, weights files, and versions that this library does not know
 */
export function readCheckpoint(bytes: Uint8Array, name = "the checkpoint"): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes, name);
  if (metadata["format"] !== FORMAT) throw new CheckpointError(`${name} is no training checkpoint (a weights file, perhaps): training cannot be resumed from it.`);
  if (metadata["formatVersion"] !== VERSION) throw new CheckpointError(`${name} has version ${metadata["formatVersion"] ?? "none"} of the checkpoint format, and this library reads version ${VERSION}.`);
  const parts: Record<"model" | "optimizer" | "best", Map<string, Float32Array | Int32Array>> = { model: new Map(), optimizer: new Map(), best: new Map() };
  for (const [path, { data }] of tensors) {
    const dot = path.indexOf(".");
    const part = parts[path.slice(0, dot) as keyof typeof parts] as Map<string, Float32Array | Int32Array> | undefined;
    if (!part || !(data instanceof Float32Array || data instanceof Int32Array)) throw new CheckpointError(`${name} holds "${path}", which is no part of a checkpoint.`);
    part.set(path.slice(dot + 1), data);
  }
  let progress: Progress;
  try {
    progress = JSON.parse(metadata["progress"] ?? "") as Progress;
  } catch (error) {
    throw new CheckpointError(`${name} does not say where its run stands (its metadata "progress" is no JSON).`, { cause: error });
  }
  return { progress, model: parts.model, optimizer: parts.optimizer as Map<string, Float32Array>, best: parts.best.size > 0 ? parts.best : undefined };
}
