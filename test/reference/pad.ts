import { fromFunction, get, type NdArray } from "./ndarray.js";
import { source, type PadMode } from "./pad2d.js";

export interface PadOptions {
  widths: readonly (number | readonly [number, number])[];
  mode?: PadMode;
  value?: number;
}

export function pad({ x }: { x: NdArray }, { widths, mode = "constant", value = 0 }: PadOptions): NdArray {
  if (mode === "circular" && JSON.stringify(widths).includes("-")) {
    const part = (pick: (width: number) => number): [number, number][] => widths.map((width) => (typeof width === "number" ? [pick(width), pick(width)] : [pick(width[0]), pick(width[1])]));
    const cut = pad({ x }, { widths: part((width) => Math.min(width, 0)) });
    return pad({ x: cut }, { widths: part((width) => Math.max(width, 0)), mode });
  }
  const ends = widths.map((width) => (typeof width === "number" ? [width, width] : width));
  return fromFunction(x.shape.map((size, axis) => size + ends[axis]![0]! + ends[axis]![1]!), (index) => {
    const from = index.map((at, axis) => source(at - ends[axis]![0]!, x.shape[axis]!, mode));
    return from.includes(undefined) ? value : get(x, ...(from as number[]));
  });
}
