/**
 * The permutohedral lattice of rows of features: which vertices it has, where rows lie among them, and who is whose neighbour.
 * `permutohedral` filters with it.
 */
export interface PermutohedralLattice {
  /** d + 1 for d features. */
  readonly axes: number;
  /** Vertices, those that `starts` and `neighbours` are filled up with included. */
  readonly vertices: number;
  /** [rows, axes]: the vertices of the simplex around each row. */
  readonly corners: Uint32Array;
  /** [rows, axes]: barycentric coordinates among these; they add up to 1. */
  readonly weights: Float32Array;
  /** [vertices + 1]: where each vertex's elements begin in `entries`. */
  readonly starts: Uint32Array;
  /** [rows · axes]: the elements of `corners`, sorted by vertex and then by row. */
  readonly entries: Uint32Array;
  /** [axes, vertices, 2]: the next vertices along each axis, 0xffffffff where the lattice has none. */
  readonly neighbours: Uint32Array;
}

const NONE = 0xffffffff;

/** Numbers points of whole coordinates in the order in which they come; a hash table with open addressing, at most half full. */
class PointTable {
  count = 0;
  readonly #d: number;
  #keys: Int32Array;
  #slots: Int32Array;

  constructor(d: number, expected: number) {
    this.#d = d;
    const slots = 2 ** Math.ceil(Math.log2(expected * 2));
    this.#keys = new Int32Array((slots / 2) * d);
    this.#slots = new Int32Array(slots).fill(-1);
  }

  coordinate(point: number, axis: number): number {
    return this.#keys[point * this.#d + axis]!;
  }

  /** The number of a point; one that is new gets the next if `add`, and −1 otherwise. */
  find(key: Int32Array, add: boolean): number {
    const d = this.#d;
    let hash = 0;
    for (let i = 0; i < d; i++) hash = Math.imul(hash ^ key[i]!, 0x9e3779b1) ^ (hash >>> 15);
    const mask = this.#slots.length - 1;
    for (let slot = (hash ^ (hash >>> 16)) & mask; ; slot = (slot + 1) & mask) {
      const point = this.#slots[slot]!;
      if (point < 0) {
        if (!add) return -1;
        if (this.count * 2 >= this.#slots.length) {
          this.#grow();
          return this.find(key, add);
        }
        this.#keys.set(key, this.count * d);
        return (this.#slots[slot] = this.count++);
      }
      let same = true;
      for (let i = 0; i < d && same; i++) same = this.#keys[point * d + i] === key[i];
      if (same) return point;
    }
  }

  #grow(): void {
    const [keys, count, d] = [this.#keys, this.count, this.#d];
    this.#keys = new Int32Array(keys.length * 2);
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    this.count = 0;
    for (let point = 0; point < count; point++) this.find(keys.subarray(point * d, (point + 1) * d), true);
  }
}

/** Vertices to make room for: few different numbers, so that images of one size share plans. At most a quarter more than there are. */
const roomFor = (count: number): number => {
  const step = 2 ** Math.max(4, Math.floor(Math.log2(count)) - 2);
  return Math.ceil(count / step) * step;
};

/**
 * Builds the lattice (Adams, Baek & Davis 2010, sections 3 and 4.2): rows are scaled so that a step of ½, 1, ½ along every axis blurs by a
 * standard deviation of 1, and projected on the plane in d + 1 dimensions where coordinates add up to 0; vertices there are points of
 * whole coordinates that all leave one remainder when divided by d + 1.
 *
 * @param features [rows, d], each divided by its standard deviation; below 2^26 in magnitude
 */
export function permutohedralLattice(features: Float32Array, d: number): PermutohedralLattice {
  const rows = features.length / d;
  const axes = d + 1;
  const scale = Array.from({ length: d }, (_, i) => (axes * Math.sqrt(2 / 3)) / Math.sqrt((i + 1) * (i + 2)));
  const corners = new Uint32Array(rows * axes);
  const weights = new Float32Array(rows * axes);
  const table = new PointTable(d, Math.max(64, rows));
  const [elevated, origin, barycentric] = [new Float64Array(axes), new Float64Array(axes), new Float64Array(axes + 1)];
  const [rank, key] = [new Int32Array(axes), new Int32Array(d)];
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let j = d; j > 0; j--) {
      const v = features[row * d + j - 1]! * scale[j - 1]!;
      elevated[j] = sum - j * v;
      sum += v;
    }
    elevated[0] = sum;
    // The nearest vertex of remainder 0, by rounding; where its coordinates do not add up to 0, those farthest off move by d + 1.
    let excess = 0;
    for (let i = 0; i < axes; i++) {
      const rounded = Math.round(elevated[i]! / axes);
      origin[i] = rounded * axes;
      excess += rounded;
    }
    rank.fill(0);
    for (let i = 0; i < d; i++) for (let j = i + 1; j < axes; j++) rank[elevated[i]! - origin[i]! < elevated[j]! - origin[j]! ? i : j]!++;
    for (let i = 0; i < axes; i++) {
      rank[i]! += excess;
      const wrap = rank[i]! < 0 ? axes : rank[i]! > d ? -axes : 0;
      rank[i]! += wrap;
      origin[i]! += wrap;
    }
    // Sorted, the distances from it are what separates the corners of the simplex.
    barycentric.fill(0);
    for (let i = 0; i < axes; i++) {
      const v = (elevated[i]! - origin[i]!) / axes;
      barycentric[d - rank[i]!]! += v;
      barycentric[axes - rank[i]!]! -= v;
    }
    barycentric[0]! += 1 + barycentric[axes]!;
    for (let k = 0; k < axes; k++) {
      for (let i = 0; i < d; i++) key[i] = origin[i]! + (rank[i]! <= d - k ? k : k - axes);
      corners[row * axes + k] = table.find(key, true);
      weights[row * axes + k] = barycentric[k]!;
    }
  }

  const vertices = roomFor(table.count);
  const starts = new Uint32Array(vertices + 1);
  for (const corner of corners) starts[corner + 1]!++;
  for (let v = 0; v < vertices; v++) starts[v + 1]! += starts[v]!;
  const next = starts.slice();
  const entries = new Uint32Array(corners.length);
  for (let element = 0; element < corners.length; element++) entries[next[corners[element]!]!++] = element;

  const neighbours = new Uint32Array(axes * vertices * 2).fill(NONE);
  for (let axis = 0; axis < axes; axis++)
    for (let point = 0; point < table.count; point++)
      for (const side of [0, 1]) {
        const step = side === 0 ? 1 : -1;
        for (let i = 0; i < d; i++) key[i] = table.coordinate(point, i) + (i === axis ? -d * step : step);
        const found = table.find(key, false);
        if (found >= 0) neighbours[(axis * vertices + point) * 2 + side] = found;
      }
  return { axes, vertices, corners, weights, starts, entries, neighbours };
}
