import { nearest, OptionError } from "../../runtime/errors.js";
import { ade20k } from "./ade20k.js";
import { apolloscape } from "./apolloscape.js";
import { camvid } from "./camvid.js";
import { bdd100k, cityscapes, kitti } from "./cityscapes.js";
import type { DatasetDescription } from "./description.js";
import { mapillary } from "./mapillary.js";
import { voc2012, voc2012Aug } from "./voc.js";
import { waymo } from "./waymo.js";

/** Published data sets whose labels and folders are known. */
export const datasets: readonly DatasetDescription[] = [ade20k, apolloscape, bdd100k, camvid, cityscapes, kitti, mapillary, voc2012, voc2012Aug, waymo];

/** Names for `openDataset` and `--dataset`. */
export const datasetNames: readonly string[] = datasets.map(({ name }) => name);

/**
 * What is known of the data set of this name.
 *
 * @throws OptionError that names the others
 */
export function datasetNamed(name: string): DatasetDescription {
  const found = datasets.find((set) => set.name === name);
  if (found) return found;
  const guess = nearest(name, datasetNames);
  throw new OptionError(`There is no data set "${name}".${guess ? ` Did you mean ${guess}?` : ""} Data sets: ${datasetNames.join(", ")}.`);
}
