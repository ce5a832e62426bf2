import { fromFunction, get, type NdArray } from "./ndarray.js";

export function concat(xs: readonly NdArray[], { axis = -1 }: { axis?: number } = {}): NdArray {
  const shape = [...xs[0]!.shape];
  const along = axis < 0 ? axis + shape.length : axis;
  shape[along] = xs.reduce((sum, x) => sum + x.shape[along]!, 0);
  return fromFunction(shape, (index) => {
    const at = [...index];
    for (const x of xs) {
      if (at[along]! < x.shape[along]!) return get(x, ...at);
      at[along]! -= x.shape[along]!;
    }
    throw new Error("outside");
  });
}
