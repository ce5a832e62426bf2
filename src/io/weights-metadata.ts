import type { ClassInfo } from "../models/class-info.js";
import { createModel } from "../models/create.js";
import type { Normalisation, SegmentationModel } from "../models/segmentation-model.js";
import { AtrousError, CheckpointError } from "../runtime/errors.js";

/** Version of the metadata; files of a later one are refused. */
const FORMAT_VERSION = 1;

/** What a weights file says beside its tensors. */
export interface WeightsDescription {
  readonly architecture: string;
  /** Options of the architecture's constructor. */
  readonly options: object;
  readonly classes: readonly ClassInfo[];
  readonly normalisation: Normalisation;
}

/** The texts that stand in the header of the file. */
export function metadataOf({ architecture, options, classInfo, normalisation }: SegmentationModel): Record<string, string> {
  return {
    format: "atrous",
    formatVersion: String(FORMAT_VERSION),
    architecture,
    options: JSON.stringify(options),
    classes: JSON.stringify(classInfo),
    normalisation: JSON.stringify(normalisation),
  };
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const isNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.every(Number.isFinite);
const isClass = (value: unknown): value is ClassInfo => isObject(value) && typeof value["name"] === "string" && isNumbers(value["color"]) && value["color"].length === 3;
const isNormalisation = (value: unknown): value is Normalisation => isObject(value) && isNumbers(value["mean"]) && isNumbers(value["std"]);

/**
 * Reads them back.
 *
 * @throws CheckpointError when they are absent, of a later version, or not what `metadataOf` writes
 */
export function descriptionOf(metadata: Readonly<Record<string, string>>, name: string): WeightsDescription {
  if (metadata["format"] !== "atrous") throw new CheckpointError(`${name} holds tensors but does not say which model they are for. Make the model yourself and use loadWeights(model, bytes).`);
  const version = Number(metadata["formatVersion"]);
  if (!Number.isInteger(version) || version < 1) throw new CheckpointError(`${name} has no format version, so its description cannot be read.`);
  if (version > FORMAT_VERSION) throw new CheckpointError(`${name} was written by a later version of atrous (format ${version}; this one reads up to ${FORMAT_VERSION}). Update atrous.`);
  const parsed = <T>(key: string, check: (value: unknown) => value is T): T => {
    let value: unknown;
    try {
      value = JSON.parse(metadata[key] ?? "");
    } catch {
      value = undefined;
    }
    if (!check(value)) throw new CheckpointError(`${name} has a damaged description: "${key}" cannot be read.`);
    return value;
  };
  return {
    architecture: metadata["architecture"] ?? "",
    options: parsed("options", isObject),
    classes: parsed("classes", (value): value is ClassInfo[] => Array.isArray(value) && value.every(isClass)),
    normalisation: parsed("normalisation", isNormalisation),
  };
}

/** The model that is described, without a device and with random weights. */
export function modelOf({ architecture, options, classes, normalisation }: WeightsDescription, name: string): SegmentationModel {
  try {
    const model = createModel({ architecture, options });
    model.classInfo = classes;
    model.normalisation = normalisation;
    return model;
  } catch (error) {
    if (error instanceof AtrousError) throw new CheckpointError(`${name} describes a model that cannot be made: ${error.message}`, { cause: error });
    throw error;
  }
}
