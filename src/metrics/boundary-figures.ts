import type { Tensor } from "../graph/tensor.js";
import { cast } from "../ops/cast.js";
import { concat } from "../ops/concat.js";
import { crop2d } from "../ops/crop2d.js";
import { distanceTransform } from "../ops/distance-transform.js";
import { gather } from "../ops/gather.js";
import { max } from "../ops/max.js";
import { maxPool2d } from "../ops/max-pool2d.js";
import { oneHot } from "../ops/one-hot.js";
import { pad2d } from "../ops/pad2d.js";
import { add, greater, maximum, mul, sub, where } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { sort } from "../ops/sort.js";
import { sum } from "../ops/sum.js";
import { transpose } from "../ops/transpose.js";

type Map = Tensor<"f32">;

export interface BoundaryParams {
  readonly classes: number;
  /** Distance of neighbouring rows, and of neighbouring columns. */
  readonly spacing: readonly [number, number];
  /** 0 … 100. */
  readonly percentile: number;
  /** In pixels. */
  readonly reach: number;
  /** Whole pixels. */
  readonly width: number;
}

/** What is read back for each image and class, in this order. */
export const figureNames = [
  "truthEdges", "foundEdges", "truthFarthest", "foundFarthest", "truthPercentile", "foundPercentile", "truthSum", "foundSum",
  "truthNear", "foundNear", "bandBoth", "bandEither",
] as const;
export type BoundaryFigures = Record<(typeof figureNames)[number], number>;

/** The figures of each class of each image: f32 [figures, n · classes]. Where a class has no edge, distances to it mean nothing. */
export function boundaryFigures(predicted: Tensor, labels: Tensor, { classes, spacing, percentile, reach, width }: BoundaryParams): Map {
  const [n, h, w] = labels.shape as [number, number, number];
  const masks = (x: Tensor): Map => reshape(transpose(oneHot(x, classes), [0, 3, 1, 2]), [n * classes, h, w, 1]) as Map;
  const [truth, found] = [masks(labels), masks(predicted)];
  const [truthEdge, foundEdge] = [edges(truth), edges(found)];
  const [toTruth, toFound] = [distanceTo(truthEdge, spacing), distanceTo(foundEdge, spacing)];
  const square = spacing[0] === 1 && spacing[1] === 1;
  const near = (edge: Map, distances: Map): Map => perMap(mul(edge, sub(1, greater(distances, reach))));
  const [truthBand, foundBand] = [band(truth, width), band(found, width)];
  const both = perMap(mul(truthBand, foundBand));
  return concat([
    perMap(truthEdge), perMap(foundEdge),
    farthest(truthEdge, toFound), farthest(foundEdge, toTruth),
    partial(truthEdge, toFound, percentile), partial(foundEdge, toTruth, percentile),
    perMap(where(truthEdge, toFound, 0)), perMap(where(foundEdge, toTruth, 0)),
    near(truthEdge, square ? toFound : distanceTo(foundEdge, [1, 1])), near(foundEdge, square ? toTruth : distanceTo(truthEdge, [1, 1])),
    both, sub(add(perMap(truthBand), perMap(foundBand)), both),
  ].map((figures) => reshape(figures, [1, n * classes])), { axis: 0 }) as Map;
}

/** To the nearest pixel of the edge. */
const distanceTo = (edge: Map, spacing: readonly [number, number]): Map => distanceTransform(sub(1, edge), { spacing });
const perMap = (x: Map): Map => sum(x, { axes: [1, 2, 3] }) as Map;
const farthest = (edge: Map, distances: Map): Map => max(where(edge, distances, 0), { axes: [1, 2, 3] }) as Map;

/** Pixels of the mask with a neighbour (of four) outside it; outside the map is outside (medpy's and MONAI's surface). */
function edges(mask: Map): Map {
  const [, height, width] = mask.shape as [number, number, number];
  const padded = pad2d(mask, { top: 1, bottom: 1, left: 1, right: 1 });
  const at = (top: number, left: number): Map => crop2d(padded, { top, left, height, width });
  return mul(mask, sub(1, mul(mul(at(0, 1), at(2, 1)), mul(at(1, 0), at(1, 2)))));
}

/** Pixels of the mask that d erosions with a 3×3 square take away, outside of the map being outside. */
function band(mask: Map, d: number): Map {
  const outside = pad2d(sub(1, mask), { top: d, bottom: d, left: d, right: d, value: 1 });
  // The largest of a square is that of a row of largest ones.
  const rows = maxPool2d(outside, { kernelSize: [2 * d + 1, 1], stride: 1 });
  return mul(mask, maxPool2d(rows, { kernelSize: [1, 2 * d + 1], stride: 1 }));
}

/** The distances at the pixels of an edge below which `percentile` % of them are, between neighbours linearly (NumPy's default). */
function partial(edge: Map, distances: Map, percentile: number): Map {
  const [n, h, w] = edge.shape as [number, number, number];
  // What is no edge is sorted behind everything.
  const { values } = sort(reshape(where(edge, distances, 3e38), [n, h * w]) as Map);
  const place = mul(maximum(sub(perMap(edge), 1), 0), percentile / 100);
  const lower = cast(place, "u32");
  const fraction = sub(place, cast(lower, "f32"));
  const at = (index: Tensor<"u32">): Map => reshape(gather(values, reshape(index, [n, 1]), { axis: 1 }), [n]) as Map;
  const low = at(lower);
  const high = at(cast(add(cast(lower, "f32"), greater(fraction, 0)), "u32"));
  return add(low, mul(fraction, sub(high, low)));
}
