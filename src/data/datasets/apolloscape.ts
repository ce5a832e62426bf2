import type { Colour } from "../../models/class-info.js";
import type { DatasetDescription } from "./description.js";

/** [id, name, class index or null, colour]; a group counts as what it is a group of. */
const rows: readonly (readonly [number, string, number | null, Colour])[] = [
  [0, "others", null, [0, 0, 0]], [1, "rover", null, [0, 0, 0]], [17, "sky", 0, [70, 130, 180]], [33, "car", 1, [0, 0, 142]],
  [161, "car_groups", 1, [0, 0, 142]], [34, "motorbicycle", 2, [0, 0, 230]], [162, "motorbicycle_group", 2, [0, 0, 230]], [35, "bicycle", 3, [119, 11, 32]],
  [163, "bicycle_group", 3, [119, 11, 32]], [36, "person", 4, [0, 128, 192]], [164, "person_group", 4, [0, 128, 192]], [37, "rider", 5, [128, 64, 128]],
  [165, "rider_group", 5, [128, 64, 128]], [38, "truck", 6, [128, 0, 192]], [166, "truck_group", 6, [128, 0, 192]], [39, "bus", 7, [192, 0, 64]],
  [167, "bus_group", 7, [192, 0, 64]], [40, "tricycle", 8, [128, 128, 192]], [168, "tricycle_group", 8, [128, 128, 192]], [49, "road", 9, [192, 128, 192]],
  [50, "sidewalk", 10, [192, 128, 64]], [65, "traffic_cone", 11, [255, 128, 64]], [66, "road_pile", 12, [0, 0, 192]], [67, "fence", 13, [64, 64, 128]],
  [81, "traffic_light", 14, [192, 64, 128]], [82, "pole", 15, [192, 128, 128]], [83, "traffic_sign", 16, [0, 64, 64]], [84, "wall", 17, [192, 192, 128]],
  [85, "dustbin", 18, [64, 0, 192]], [86, "billboard", 19, [192, 0, 192]], [97, "building", 20, [192, 0, 128]], [98, "bridge", null, [128, 128, 0]],
  [99, "tunnel", null, [128, 0, 0]], [100, "overpass", null, [64, 128, 64]], [113, "vegetation", 21, [128, 128, 64]], [255, "unlabeled", null, [0, 0, 0]],
];

/**
 * ApolloScape's scene parsing (Huang et al. 2018): 36 labels; 22 classes in its own table of train ids, to which groups of things count as well. Records
 * are not divided into train and val below the folder of a road, so that is done by name. (Lane marks are another task with other labels.)
 */
export const apolloscape: DatasetDescription = {
  name: "apolloscape", title: "ApolloScape scene parsing", source: "ApolloScape's label table (ids, train ids, colours); spelling of sidewalk and vegetation put right",
  labels: rows.map(([id, name, index, color]) => ({ id, name, color, index })),
  images: {},
  layouts: ["{road}/", ""].map((root) => ({
    images: `${root}ColorImage/{record}/{camera}/{name}.jpg`, masks: [{ path: `${root}Label/{record}/{camera}/{name}_bin.png`, coding: "ids" as const }],
    splits: { train: "", val: "", test: "" }, divided: true,
  })),
};
