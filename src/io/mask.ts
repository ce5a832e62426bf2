/** From a mask to objects: threshold, connected components, outlines, GeoJSON and COCO run lengths. */
export { connectedComponents, fillHoles, removeSmall, threshold } from "./components.js";
export type { BinaryMask, Box, Components, ConnectivityOptions, FillHolesOptions, Mask } from "./components.js";
export { fillPolygons, polygons, signedArea, toGeoJson } from "./polygons.js";
export type { GeoJsonFeature, GeoJsonFeatures, GeoJsonOptions, Point, Polygon, Ring } from "./polygons.js";
export { fromCocoRle, toCocoRle } from "./coco-rle.js";
export type { CocoRle } from "./coco-rle.js";
