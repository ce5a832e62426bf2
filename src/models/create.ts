import { OptionError } from "../runtime/errors.js";
import { SegNet, SegNetBasic } from "./segnet.js";
import type { SegmentationModel } from "./segmentation-model.js";
import { UNet } from "./unet.js";

/** Architectures by the name that weights files give them. */
const architectures: Record<string, new (options: never) => SegmentationModel> = { unet: UNet, segnet: SegNet, "segnet-basic": SegNetBasic };

/** Names that `createModel` knows. */
export const architectureNames: readonly string[] = Object.keys(architectures);

export interface ModelDescription {
  /** "unet", "segnet" or "segnet-basic". */
  readonly architecture: string;
  /** The constructor's options. */
  readonly options: object;
}

/**
 * A model from its description, as weights files and the command line hold it. It has no device yet.
 *
 * @throws OptionError for an unknown architecture or options that it does not take
 */
export function createModel({ architecture, options }: ModelDescription): SegmentationModel {
  if (!Object.hasOwn(architectures, architecture)) throw new OptionError(`There is no model "${architecture}". Models: ${architectureNames.join(", ")}.`);
  return new architectures[architecture]!(options as never);
}
