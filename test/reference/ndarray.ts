/** Dense arrays in double precision: what the naive references compute with. Row-major, last axis fastest. */
export interface NdArray {
  shape: number[];
  data: Float64Array;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export function zeros(shape: readonly number[]): NdArray {
  return { shape: [...shape], data: new Float64Array(sizeOf(shape)) };
}

export function filled(shape: readonly number[], value: number): NdArray {
  const a = zeros(shape);
  a.data.fill(value);
  return a;
}

/** `array([2, 3], [1, 2, 3, 4, 5, 6])`. */
export function array(shape: readonly number[], values: ArrayLike<number>): NdArray {
  if (values.length !== sizeOf(shape)) throw new Error(`array: ${values.length} values do not fill [${shape.join(", ")}]`);
  return { shape: [...shape], data: Float64Array.from(values) };
}

/** Builds an array from a function of the index along every axis. */
export function fromFunction(shape: readonly number[], f: (index: number[]) => number): NdArray {
  const a = zeros(shape);
  for (let i = 0; i < a.data.length; i++) a.data[i] = f(unravel(a.shape, i));
  return a;
}

/** Flat position of an index; throws when it is outside, so that a reference cannot read past an edge unnoticed. */
export function offset(shape: readonly number[], index: readonly number[]): number {
  if (index.length !== shape.length) throw new Error(`index [${index.join(", ")}] does not fit the shape [${shape.join(", ")}]`);
  let flat = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const i = index[axis]!;
    if (i < 0 || i >= shape[axis]!) throw new Error(`index [${index.join(", ")}] is outside [${shape.join(", ")}]`);
    flat = flat * shape[axis]! + i;
  }
  return flat;
}

/** The index along every axis of a flat position. */
export function unravel(shape: readonly number[], flat: number): number[] {
  const index = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = flat % shape[axis]!;
    flat = Math.floor(flat / shape[axis]!);
  }
  return index;
}

export const get = (a: NdArray, ...index: number[]): number => a.data[offset(a.shape, index)]!;

export function set(a: NdArray, value: number, ...index: number[]): void {
  a.data[offset(a.shape, index)] = value;
}

export function add(a: NdArray, value: number, ...index: number[]): void {
  a.data[offset(a.shape, index)]! += value;
}

/** Element-wise map of one array. */
export function map(a: NdArray, f: (value: number, flat: number) => number): NdArray {
  return { shape: [...a.shape], data: a.data.map(f) };
}

export function reshape(a: NdArray, shape: readonly number[]): NdArray {
  return array(shape, a.data);
}

export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [m, n] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (m !== n && m !== 1 && n !== 1) throw new Error(`[${a.join(", ")}] and [${b.join(", ")}] do not broadcast`);
    return m === 1 ? n : m;
  });
}

/** `a` stretched to `shape` by NumPy's rules. */
export function broadcastTo(a: NdArray, shape: readonly number[]): NdArray {
  const lead = shape.length - a.shape.length;
  return fromFunction(shape, (index) => get(a, ...a.shape.map((size, axis) => (size === 1 ? 0 : index[axis + lead]!))));
}

/** Element-wise map of several arrays that broadcast against each other. */
export function zipWith(f: (...values: number[]) => number, ...arrays: NdArray[]): NdArray {
  const shape = arrays.reduce<number[]>((s, a) => broadcastShape(s, a.shape), []);
  const stretched = arrays.map((a) => broadcastTo(a, shape));
  const out = zeros(shape);
  for (let i = 0; i < out.data.length; i++) out.data[i] = f(...stretched.map((a) => a.data[i]!));
  return out;
}

/** Non-negative axis numbers, sorted; all axes when none are given. */
export function normalAxes(rank: number, axes?: readonly number[]): number[] {
  return (axes ?? Array.from({ length: rank }, (_, i) => i)).map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
}

/** Folds `f` over axes (all of them by default); `initial` stands for an empty extent. */
export function reduce(a: NdArray, initial: number, f: (total: number, value: number) => number, axes?: readonly number[], keepDims = false): NdArray {
  const reduced = new Set(normalAxes(a.shape.length, axes));
  const kept = a.shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
  const out = filled(kept, initial);
  for (let i = 0; i < a.data.length; i++) {
    const at = offset(kept, unravel(a.shape, i).map((k, axis) => (reduced.has(axis) ? 0 : k)));
    out.data[at] = f(out.data[at]!, a.data[i]!);
  }
  return keepDims ? out : reshape(out, a.shape.filter((_, axis) => !reduced.has(axis)));
}
