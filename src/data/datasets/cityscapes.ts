import type { Colour } from "../../models/class-info.js";
import type { DatasetDescription, Label } from "./description.js";

/** [id, name, class index or null, colour] of cityscapesScripts' labels.py. The first of labels with one colour is what the colour means. */
const rows: readonly (readonly [number, string, number | null, Colour])[] = [
  [0, "unlabeled", null, [0, 0, 0]], [1, "ego vehicle", null, [0, 0, 0]], [2, "rectification border", null, [0, 0, 0]], [3, "out of roi", null, [0, 0, 0]],
  [4, "static", null, [0, 0, 0]], [5, "dynamic", null, [111, 74, 0]], [6, "ground", null, [81, 0, 81]], [7, "road", 0, [128, 64, 128]],
  [8, "sidewalk", 1, [244, 35, 232]], [9, "parking", null, [250, 170, 160]], [10, "rail track", null, [230, 150, 140]], [11, "building", 2, [70, 70, 70]],
  [12, "wall", 3, [102, 102, 156]], [13, "fence", 4, [190, 153, 153]], [14, "guard rail", null, [180, 165, 180]], [15, "bridge", null, [150, 100, 100]],
  [16, "tunnel", null, [150, 120, 90]], [17, "pole", 5, [153, 153, 153]], [18, "polegroup", null, [153, 153, 153]], [19, "traffic light", 6, [250, 170, 30]],
  [20, "traffic sign", 7, [220, 220, 0]], [21, "vegetation", 8, [107, 142, 35]], [22, "terrain", 9, [152, 251, 152]], [23, "sky", 10, [70, 130, 180]],
  [24, "person", 11, [220, 20, 60]], [25, "rider", 12, [255, 0, 0]], [26, "car", 13, [0, 0, 142]], [27, "truck", 14, [0, 0, 70]],
  [28, "bus", 15, [0, 60, 100]], [29, "caravan", null, [0, 0, 90]], [30, "trailer", null, [0, 0, 110]], [31, "train", 16, [0, 80, 100]],
  [32, "motorcycle", 17, [0, 0, 230]], [33, "bicycle", 18, [119, 11, 32]],
];

/** The 34 labels of Cityscapes (Cordts et al. 2016), 19 of which are classes. KITTI and BDD100K share them; license plates (-1) are in no label file. */
export const cityscapesLabels: readonly Label[] = rows.map(([id, name, index, color]) => ({ id, name, color, index }));

const source = "mcordts/cityscapesScripts, helpers/labels.py";

/** Cityscapes' fine annotations. Label files are read as ids (`labelIds`), as class indices (`labelTrainIds`) or as colours, whichever is there. */
export const cityscapes: DatasetDescription = {
  name: "cityscapes", title: "Cityscapes (fine annotations)", source, labels: cityscapesLabels,
  images: { train: 2975, val: 500 },
  layouts: [{
    images: "leftImg8bit/{split}/{city}/{name}_leftImg8bit.png",
    masks: [
      { path: "gtFine/{split}/{city}/{name}_gtFine_labelIds.png", coding: "ids" },
      { path: "gtFine/{split}/{city}/{name}_gtFine_labelTrainIds.png", coding: "classes" },
      { path: "gtFine/{split}/{city}/{name}_gtFine_color.png", coding: "ids" },
    ],
    splits: { train: "train", val: "val", test: "test" },
  }],
};

/** KITTI's semantic benchmark (Alhaija et al. 2018): Cityscapes' labels. The labels of its test images are not published. */
export const kitti: DatasetDescription = {
  name: "kitti", title: "KITTI semantic segmentation", source: `KITTI's development kit; labels as ${source}`, labels: cityscapesLabels,
  images: { train: 200 },
  layouts: ["data_semantics/", ""].map((root) => ({
    images: `${root}training/image_2/{name}.png`,
    masks: [{ path: `${root}training/semantic/{name}.png`, coding: "ids" as const }, { path: `${root}training/semantic_rgb/{name}.png`, coding: "ids" as const }],
    splits: { train: "training", val: "training", test: "training" }, divided: true,
  })),
};

/** BDD100K's semantic segmentation (Yu et al. 2020): Cityscapes' 19 classes as class indices; layouts of the present download and of the older one ("seg"). */
export const bdd100k: DatasetDescription = {
  name: "bdd100k", title: "BDD100K semantic segmentation", source: `bdd100k/bdd100k, bdd100k/label/label.py; labels as ${source}`, labels: cityscapesLabels,
  images: { train: 7000, val: 1000 },
  layouts: [
    { images: "images/10k/{split}/{name}.jpg", indices: "labels/sem_seg/masks/{split}/{name}.png", colours: "labels/sem_seg/colormaps/{split}/{name}.png" },
    { images: "images/{split}/{name}.jpg", indices: "labels/{split}/{name}_train_id.png", colours: "color_labels/{split}/{name}_train_color.png" },
  ].flatMap(({ images, indices, colours }) => ["bdd100k/", "seg/", "bdd100k/seg/", ""].map((root) => ({
    images: root + images, masks: [{ path: root + indices, coding: "classes" as const }, { path: root + colours, coding: "ids" as const }],
    splits: { train: "train", val: "val" },
  }))),
};
