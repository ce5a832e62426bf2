import type { Colour } from "../../models/class-info.js";
import { listedLabels, type DatasetDescription } from "./description.js";

const rows: readonly (readonly [string, Colour])[] = [
  ["ego vehicle", [102, 102, 102]], ["car", [0, 0, 142]], ["truck", [0, 0, 70]], ["bus", [0, 60, 100]], ["other large vehicle", [61, 133, 198]],
  ["bicycle", [119, 11, 32]], ["motorcycle", [0, 0, 230]], ["trailer", [111, 168, 220]], ["pedestrian", [220, 20, 60]], ["cyclist", [255, 0, 0]],
  ["motorcyclist", [180, 0, 0]], ["bird", [127, 96, 0]], ["ground animal", [91, 15, 0]], ["construction cone or pole", [230, 145, 56]], ["pole", [153, 153, 153]],
  ["pedestrian object", [234, 153, 153]], ["sign", [246, 178, 107]], ["traffic light", [250, 170, 30]], ["building", [70, 70, 70]], ["road", [128, 64, 128]],
  ["lane marker", [234, 209, 220]], ["road marker", [217, 210, 233]], ["sidewalk", [244, 35, 232]], ["vegetation", [107, 142, 35]], ["sky", [70, 130, 180]],
  ["ground", [102, 102, 102]], ["dynamic", [102, 102, 102]], ["static", [102, 102, 102]],
];

/**
 * Waymo Open's camera segmentation (Mei et al. 2022): 28 classes, whose numbers in files begin at 1; 0 is undefined, and ignored. It is published as
 * TFRecord files, from which images and labels have to be taken first: 8-bit PNG of class numbers, or the 16-bit panoptic labels as they are
 * (class · 1000 + instance).
 */
export const waymo: DatasetDescription = {
  name: "waymo", title: "Waymo Open Dataset, camera segmentation", source: "waymo-open-dataset, protos/camera_segmentation.proto and utils/camera_segmentation_utils.py",
  labels: [...listedLabels(rows.map(([name]) => name), (index) => rows[index]![1], 1), { id: 0, name: "undefined", color: [0, 0, 0], index: null }],
  images: {}, divisor: 1000,
  layouts: [{
    images: "{split}/images/{name}.{ext}", masks: [{ path: "{split}/labels/{name}.png", coding: "ids" }],
    splits: { train: "training", val: "validation", test: "testing" },
  }],
  refused: {
    ".tfrecord": "Waymo's TFRecord files are not read. Take images and panoptic labels out of them first: " +
      "training/images/NAME.jpg and training/labels/NAME.png (8-bit classes, or 16-bit class · 1000 + instance).",
  },
};
