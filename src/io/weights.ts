import type { Parameter, Statistic } from "../graph/parameter.js";
import type { Variable } from "../graph/variable.js";
import type { Module } from "../layers/module.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import type { Device } from "../runtime/device.js";
import { CheckpointError } from "../runtime/errors.js";
import { sameShape, sizeOf, type Shape } from "../runtime/shape.js";
import { readSafetensors, toFloat32, writeSafetensors, type SafeTensor } from "./safetensors.js";
import { modelOf, descriptionOf, metadataOf, type WeightsDescription } from "./weights-metadata.js";

export type { WeightsDescription } from "./weights-metadata.js";

type Entry = Parameter | Statistic;

/** Kernels lie in memory as [a, height, width, b] and in files as [a, b, height, width]; the rest is the same in both. */
const fileShape = (shape: Shape): Shape => (shape.length === 4 ? [shape[0]!, shape[3]!, shape[1]!, shape[2]!] : shape);

/** Swaps the last two of three axes: [a, b, c] → [a, c, b]. */
function swapped(data: Float32Array, a: number, b: number, c: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(data.length);
  for (let i = 0; i < a; i++) for (let j = 0; j < b; j++) for (let k = 0; k < c; k++) out[(i * c + k) * b + j] = data[(i * b + j) * c + k]!;
  return out;
}

const toFile = (data: Float32Array<ArrayBuffer>, shape: Shape): Float32Array<ArrayBuffer> => (shape.length === 4 ? swapped(data, shape[0]!, shape[1]! * shape[2]!, shape[3]!) : data);
const toMemory = (data: Float32Array<ArrayBuffer>, shape: Shape): Float32Array<ArrayBuffer> => (shape.length === 4 ? swapped(data, shape[0]!, shape[3]!, shape[1]! * shape[2]!) : data);

/** The model's state as PyTorch's `state_dict` has it: names, order of axes, and 64-bit batch counts. */
async function stateOf(model: Module): Promise<Map<string, SafeTensor>> {
  // All reads are queued before the first is awaited, so they show one moment even while training goes on.
  const pending = [...model.namedVariables()].map(([path, variable]) => ({ path, variable, data: variable.data() }));
  const state = new Map<string, SafeTensor>();
  for (const { path, variable, data } of pending) {
    const values = await data;
    const tensor: SafeTensor = values instanceof Int32Array
      ? { dtype: "I64", shape: variable.shape, data: BigInt64Array.from(values, BigInt) }
      : { dtype: "F32", shape: fileShape(variable.shape), data: toFile(values as Float32Array<ArrayBuffer>, variable.shape) };
    state.set(path, tensor);
  }
  return state;
}

/**
 * The model's weights as the bytes of a safetensors file: parameters and running statistics under PyTorch's names, kernels in
 * PyTorch's order of axes, and in the metadata what is needed to use them (architecture, options, classes, normalisation).
 */
export async function weightsOf(model: SegmentationModel): Promise<Uint8Array> {
  const metadata = metadataOf(model);
  return writeSafetensors(await stateOf(model), metadata);
}

export interface LoadWeightsOptions {
  /** Every entry of the model must be in the file and the other way round. Default true; false loads what has the same name. */
  strict?: boolean | undefined;
  /** What messages call the file. */
  name?: string | undefined;
}

/**
 * Loads weights from the bytes of a safetensors file, ours or one that PyTorch wrote, into a model on a device. Prefixes that
 * wrappers add ("module.") are taken off, names of older versions are read as today's where a model knows them (`entryName`), and kernels are
 * turned from PyTorch's order of axes (OIHW) to the one here (OHWI). Nothing changes unless everything fits.
 *
 * @returns names that were missing in the file, and names of the file that the model does not have (both empty when strict)
 * @throws CheckpointError when the file is damaged, when a shape differs, or (strict) names do not agree
 */
export function loadWeights(model: Module, bytes: Uint8Array, { strict = true, name = "the weights file" }: LoadWeightsOptions = {}): { missing: string[]; unexpected: string[] } {
  const { tensors } = readSafetensors(bytes, name);
  const { matches, missing, unexpected } = match(model, tensors, strict, name);
  // Everything is converted before the first value is replaced.
  const values = matches.map(({ path, variable, tensor }) => [variable, toMemory(toFloat32(tensor, path) as Float32Array<ArrayBuffer>, variable.shape)] as const);
  for (const [variable] of values) variable.check("loadWeights");
  for (const [variable, data] of values) (variable as Variable).write(variable.dtype === "i32" ? Int32Array.from(data) : data);
  return { missing, unexpected };
}

/**
 * A model made from the bytes of a weights file that `weightsOf` wrote, on `device`, in evaluation mode.
 *
 * @throws CheckpointError when the file is damaged, newer than this version, or does not say which model it is for
 */
export function modelFromWeights(bytes: Uint8Array, device: Device, { name = "the weights file" }: { name?: string | undefined } = {}): SegmentationModel {
  const { tensors, metadata } = readSafetensors(bytes, name);
  const model = modelOf(descriptionOf(metadata, name), name);
  // Before it gets memory: a damaged description must not ask for gigabytes.
  match(model, tensors, true, name);
  model.to(device);
  loadWeights(model, bytes, { name });
  return model.eval();
}

/** What a weights file says about itself. */
export interface WeightsInfo {
  /** Undefined when the file has no such metadata (one from PyTorch, say). */
  readonly description: WeightsDescription | undefined;
  readonly tensors: readonly { readonly name: string; readonly dtype: string; readonly shape: Shape }[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Elements of all tensors that are not running statistics. */
  readonly parameters: number;
}

/**
 * Looks into the bytes of a weights file; needs no device.
 *
 * @throws CheckpointError when it is damaged
 */
export function readWeightsInfo(bytes: Uint8Array, { name = "the weights file" }: { name?: string | undefined } = {}): WeightsInfo {
  const { tensors, metadata } = readSafetensors(bytes, name);
  const listed = [...tensors].map(([key, { dtype, shape }]) => ({ name: key, dtype, shape }));
  return {
    description: metadata["format"] === "atrous" ? descriptionOf(metadata, name) : undefined,
    tensors: listed,
    metadata,
    parameters: listed.filter(({ name: key }) => !/(^|\.)(running_mean|running_var|num_batches_tracked)$/.test(key)).reduce((sum, { shape }) => sum + sizeOf(shape), 0),
  };
}

interface Match {
  readonly path: string;
  readonly variable: Entry;
  readonly tensor: SafeTensor;
}

/** Finds each variable's tensor, and complains about all that do not fit at once. */
function match(model: Module, tensors: ReadonlyMap<string, SafeTensor>, strict: boolean, name: string): { matches: Match[]; missing: string[]; unexpected: string[] } {
  const variables = new Map(model.namedVariables());
  const byName = new Map([...tensors].map(([key, tensor]) => [variables.has(key) ? key : model.entryName(key.replace(/^(module\.|_orig_mod\.)+/, "")), tensor]));
  const matches: Match[] = [];
  const [missing, shapes]: [string[], string[]] = [[], []];
  for (const [path, variable] of variables) {
    const tensor = byName.get(path);
    const wanted = fileShape(variable.shape);
    if (!tensor) missing.push(path);
    else if (!sameShape(tensor.shape, wanted)) shapes.push(`${path} (file [${tensor.shape.join(", ")}], model [${wanted.join(", ")}])`);
    else matches.push({ path, variable, tensor });
  }
  const unexpected = [...byName.keys()].filter((key) => !variables.has(key));
  // Files from before PyTorch counted batches lack the count, and nothing is computed from it.
  const lacking = missing.filter((path) => !path.endsWith("num_batches_tracked"));
  const problems: string[] = [];
  if (shapes.length > 0) problems.push(`differ in shape: ${listed(shapes)}`);
  if (strict && lacking.length > 0) problems.push(`are missing: ${listed(lacking)}`);
  if (strict && unexpected.length > 0) problems.push(`are not part of the model: ${listed(unexpected)}`);
  if (problems.length > 0) throw new CheckpointError(`${name} does not fit this ${model.constructor.name}.${problems.map((p) => `\n  Entries that ${p}.`).join("")}`);
  return { matches, missing: lacking, unexpected };
}

const listed = (names: readonly string[]): string => (names.length > 5 ? `${names.slice(0, 4).join(", ")} and ${names.length - 4} more` : names.join(", "));
