import { paletteColour } from "../../models/class-info.js";
import { listedLabels, type DatasetDescription, type DatasetLayout } from "./description.js";

const names = [
  "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse", "motorbike", "person",
  "pottedplant", "sheep", "sofa", "train", "tvmonitor",
];

const layouts = (masks: string, lists: Partial<DatasetLayout["splits"]>): DatasetLayout[] =>
  ["VOCdevkit/VOC2012/", "VOC2012/", ""].map((root) => ({
    images: `${root}JPEGImages/{name}.jpg`, masks: [{ path: `${root}${masks}/{name}.png`, coding: "ids" }],
    splits: lists, list: `${root}ImageSets/Segmentation/{split}.txt`,
  }));

/** PASCAL VOC 2012 segmentation (Everingham et al.): 21 classes, palette files whose index is the class; 255, the border of objects, is ignored. */
export const voc2012: DatasetDescription = {
  name: "voc2012", title: "PASCAL VOC 2012 segmentation", source: "VOC2012 development kit (VOClabelcolormap.m, VOCinit.m)",
  labels: [...listedLabels(names, paletteColour), { id: 255, name: "void", color: paletteColour(255), index: null }],
  images: { train: 1464, val: 1449 },
  layouts: layouts("SegmentationClass", { train: "train", val: "val" }),
};

/**
 * VOC 2012 with the labels of SBD (Hariharan et al. 2011): 10,582 images to train with, as the widely used PNG conversion `SegmentationClassAug` has
 * them; to validate, VOC's own 1,449. SBD's MATLAB files (benchmark_RELEASE) are not read.
 */
export const voc2012Aug: DatasetDescription = {
  ...voc2012, name: "voc2012-aug", title: "PASCAL VOC 2012 with SBD's labels (SegmentationClassAug)",
  images: { train: 10_582, val: 1449 },
  layouts: [
    ...layouts("SegmentationClassAug", { train: "trainaug", val: "val" }), ...layouts("SegmentationClassAug", { train: "train_aug", val: "val" }),
  ],
  refused: {
    ".mat": "SBD's masks are MATLAB files, which are not read. Take their PNG conversion, the folder SegmentationClassAug with ImageSets/Segmentation/trainaug.txt.",
  },
};
