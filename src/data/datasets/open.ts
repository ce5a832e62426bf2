import { checkOptions, OptionError } from "../../runtime/errors.js";
import { DecodePool } from "../decode-pool.js";
import { FolderDataset, type FolderOptions } from "../folder.js";
import { splits } from "../folder-layout.js";
import { tableOf, type DatasetDescription } from "./description.js";
import { findFiles } from "./files.js";
import { datasetNamed } from "./index.js";

/**
 * Opens a published data set in the folders that it is published in: `datasets` describes them.
 *
 *     await using val = await openDataset("cityscapes", "/data/cityscapes", { split: "val" });
 *
 * Labels become class indices, 255 where they are ignored. Data sets whose test labels are not published have no "test"; those without
 * a division of their own are divided by a seeded rule, as `assumed` says.
 *
 * @param set a name, or a description of one's own
 * @throws OptionError for an unknown name; DataError when the folder is missing or holds something else, or an image has no mask. `get` throws a
 *   DataError for a value or colour that is no label, with its place
 */
export async function openDataset(set: string | DatasetDescription, path: string, options: FolderOptions = {}): Promise<FolderDataset> {
  checkOptions("openDataset", options, ["split", "seed", "cacheBytes", "workers", "workerUrl"]);
  const { split = "train", seed = 0, cacheBytes = 2 ** 30, workers, workerUrl } = options;
  if (!splits.includes(split)) throw new OptionError(`openDataset: split must be one of ${splits.join(", ")}, not ${JSON.stringify(split)}.`);
  const description = typeof set === "string" ? datasetNamed(set) : set;
  const { samples, coding, assumed } = await findFiles(description, path, split, seed);
  return new FolderDataset(samples, tableOf(description, coding), assumed === undefined ? [] : [assumed], new DecodePool(workers, workerUrl), cacheBytes);
}
