import { fromFunction, get, type NdArray } from "./ndarray.js";

/** Distances to the nearest pixel of the other kind, by looking at all of them. */
export function distanceTransform({ mask }: { mask: NdArray }, { signed = false, squared = false, spacing: [sy, sx] = [1, 1], threshold = 0 }: { signed?: boolean; squared?: boolean; spacing?: [number, number]; threshold?: number }): NdArray {
  const [, h, w] = mask.shape as [number, number, number];
  return fromFunction(mask.shape, ([n, y, x, ...c]) => {
    const inside = get(mask, n!, y!, x!, ...c) > threshold;
    if (!inside && !signed) return 0;
    let best = Infinity;
    for (let v = 0; v < h; v++)
      for (let u = 0; u < w; u++) if (get(mask, n!, v, u, ...c) > threshold !== inside) best = Math.min(best, (sy * (v - y!)) ** 2 + (sx * (u - x!)) ** 2);
    return (inside && signed ? -1 : 1) * (squared ? best : Math.sqrt(best));
  });
}
