import { compile } from "../graph/compile.js";
import type { Tensor } from "../graph/tensor.js";
import { gather } from "../ops/gather.js";
import { reshape } from "../ops/reshape.js";
import { sort } from "../ops/sort.js";
import { DataError } from "../runtime/errors.js";
import type { ThresholdCounts } from "./threshold-curve.js";

/** Rising distinct scores, with the pixels of each side that have them. */
interface Runs {
  readonly scores: Float64Array;
  readonly positive: Float64Array;
  readonly negative: Float64Array;
}

const nothing: Runs = { scores: new Float64Array(0), positive: new Float64Array(0), negative: new Float64Array(0) };

/** Scores sorted on the GPU batch by batch, merged on the host. */
export class DistinctScores {
  readonly #sort;
  #batches: Promise<Runs>[] = [];

  /** @param sides 1 for positives, 0 for negatives, anything else for what does not count */
  constructor(sides: (labels: Tensor) => Tensor<"u32">) {
    this.#sort = compile(function sortScores(scores: Tensor<"f32">, labels: Tensor) {
      const { values, indices } = sort(reshape(scores, [scores.size]));
      return { values, sides: gather(reshape(sides(labels), [scores.size]), indices) };
    });
  }

  add(scores: Tensor<"f32">, labels: Tensor): void {
    const sorted = this.#sort(scores, labels);
    const runs = Promise.all([sorted.values.data(), sorted.sides.data()]).then(([values, sides]) => runsOf(values, sides));
    sorted.values.dispose();
    sorted.sides.dispose();
    // Its failure is reported when the counts are asked for.
    runs.catch(() => undefined);
    this.#batches.push(runs);
  }

  async counts(): Promise<ThresholdCounts> {
    const merging = Promise.all(this.#batches).then((batches) => mergeAll(batches));
    // At once, so that a batch added while this waits is neither lost nor counted twice.
    this.#batches = [merging];
    const merged = await merging;
    return cumulated(merged.scores, merged.positive, merged.negative);
  }

  clear(): void {
    this.#batches = [];
  }

  dispose(): void {
    this.#sort.dispose();
  }
}

/** Throws when there are scores that no threshold parts from others. */
export function refuseNaN(count: number): void {
  if (count > 0) throw new DataError(`ThresholdMeter: ${count} scores are not numbers. Look for NaN in what the network gives.`);
}

/** @param scores rising; NaN last */
function runsOf(scores: Float32Array, sides: Uint32Array): Runs {
  refuseNaN(scores.reduce((count, score, i) => count + Number(Number.isNaN(score) && sides[i]! <= 1), 0));
  const runs = { scores: new Float64Array(scores.length), positive: new Float64Array(scores.length), negative: new Float64Array(scores.length) };
  let end = 0;
  scores.forEach((score, i) => {
    if (sides[i]! > 1) return;
    if (score === Infinity) throw new DataError("ThresholdMeter: a score is infinite, above which there is no threshold. Look for overflow in what the network gives.");
    if (end === 0 || runs.scores[end - 1] !== score) runs.scores[end++] = score;
    (sides[i] === 1 ? runs.positive : runs.negative)[end - 1]!++;
  });
  return { scores: runs.scores.slice(0, end), positive: runs.positive.slice(0, end), negative: runs.negative.slice(0, end) };
}

/** In pairs, then pairs of pairs: no score is moved more often than needed. */
function mergeAll(runs: readonly Runs[]): Runs {
  if (runs.length < 2) return runs[0] ?? nothing;
  const half = runs.length >> 1;
  return merge(mergeAll(runs.slice(0, half)), mergeAll(runs.slice(half)));
}

function merge(a: Runs, b: Runs): Runs {
  const size = a.scores.length + b.scores.length;
  const out = { scores: new Float64Array(size), positive: new Float64Array(size), negative: new Float64Array(size) };
  let [i, j, end] = [0, 0, 0];
  while (i < a.scores.length || j < b.scores.length) {
    const score = Math.min(a.scores[i] ?? Infinity, b.scores[j] ?? Infinity);
    out.scores[end] = score;
    for (const [runs, at] of [[a, i], [b, j]] as const) {
      if (at >= runs.scores.length || runs.scores[at] !== score) continue;
      out.positive[end]! += runs.positive[at]!;
      out.negative[end]! += runs.negative[at]!;
    }
    if (i < a.scores.length && a.scores[i] === score) i++;
    if (j < b.scores.length && b.scores[j] === score) j++;
    end++;
  }
  return { scores: out.scores.slice(0, end), positive: out.positive.slice(0, end), negative: out.negative.slice(0, end) };
}

/** From pixels at each rising score to pixels at or above each falling one. */
export function cumulated(scores: ArrayLike<number>, positive: ArrayLike<number>, negative: ArrayLike<number>): ThresholdCounts {
  const [thresholds, truePositives, falsePositives] = [[Infinity], [0], [0]];
  for (let i = scores.length - 1; i >= 0; i--) {
    thresholds.push(scores[i]!);
    truePositives.push(truePositives.at(-1)! + positive[i]!);
    falsePositives.push(falsePositives.at(-1)! + negative[i]!);
  }
  return { thresholds, truePositives, falsePositives, positives: truePositives.at(-1)!, negatives: falsePositives.at(-1)! };
}
