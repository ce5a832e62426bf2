import { isFigures, type Row } from "./results-file.js";
import { FORWARD_PASS } from "./harness.js";
import { table } from "./report.js";

/** A figure that the library sets out to reach, and what a run has of it. */
export interface Bar {
  readonly what: string;
  readonly wanted: string;
  readonly got: string;
  readonly met: boolean;
}

const geometricMean = (values: readonly number[]): number => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

const peers = ["tfjs", "jax", "ort"] as const;
type Peer = (typeof peers)[number];

const ratioTo = ({ contenders }: Row, peer: string): number | undefined => {
  const one = contenders[peer];
  return isFigures(one) ? one.ratio?.median : undefined;
};

/** Our lead over the fastest of the peers that have the row. */
const lead = (row: Row): number | undefined => {
  const ratios = peers.flatMap((peer) => ratioTo(row, peer) ?? []);
  return ratios.length > 0 ? Math.min(...ratios) : undefined;
};

const isProduct = ({ name }: Row): boolean => /^(matmul|conv|transposed conv|depthwise)/.test(name);
const isGradient = ({ name }: Row): boolean => name.endsWith("gradient");

interface Least {
  readonly name: string;
  readonly ratio: number;
}

function leastOf(rows: readonly Row[], ratio: (row: Row) => number | undefined): Least | undefined {
  const all = rows.flatMap((row): Least[] => {
    const value = ratio(row);
    return value === undefined ? [] : [{ name: row.name, ratio: value }];
  });
  return all.sort((a, b) => a.ratio - b.ratio)[0];
}

const times = (value: number): string => `${value.toFixed(2)}×`;

/** Every row at least `wanted` times faster than whom `ratio` compares with. */
function everyRow(what: string, wanted: number, rows: readonly Row[], ratio: (row: Row) => number | undefined): Bar[] {
  const least = leastOf(rows, ratio);
  if (!least) return [];
  const below = rows.filter((row) => (ratio(row) ?? Infinity) < wanted).length;
  return [{ what, wanted: `≥ ${times(wanted)}`, got: `${times(least.ratio)} (${least.name})${below > 1 ? `, ${below} rows below` : ""}`, met: least.ratio >= wanted }];
}

const named = (rows: readonly Row[], start: string): Row[] => rows.filter(({ name }) => name.startsWith(start));

/** The time of each step over that of its forward pass in training mode, in the same rounds. */
const stepOverForward = (rows: readonly Row[]): Bar[] => rows.flatMap((row) => {
  const forward = ratioTo(row, FORWARD_PASS);
  return forward ? [{ what: `${row.name} over the forward pass`, wanted: "≤ 3.3×", got: times(1 / forward), met: 1 / forward <= 3.3 }] : [];
});

/** The figures of the issue that a run on a software adapter can show, as far as `rows` have them. */
export function barsOf(rows: readonly Row[]): Bar[] {
  const of = (peer: Peer) => (row: Row): number | undefined => ratioTo(row, peer);
  const operators = rows.filter(({ group }) => group === "operators");
  const products = operators.filter(isProduct);
  const forward = products.filter((row) => !isGradient(row));
  const leads = operators.flatMap((row) => lead(row) ?? []);
  return [
    ...everyRow("matmul and convolution rows over the best peer", 1.3, forward, lead),
    ...everyRow("matmul and convolution rows over TF.js", 2, forward, of("tfjs")),
    ...everyRow("convolution gradients over jax-js", 1.5, products.filter(isGradient), of("jax")),
    ...(leads.length > 0 ? [{ what: `geometric mean of ${leads.length} operator rows over the best peer`, wanted: "≥ 1.50×", got: times(geometricMean(leads)), met: geometricMean(leads) >= 1.5 }] : []),
    ...everyRow("every operator row over the best peer", 1, operators, lead),
    ...everyRow("U-Net forward over ONNX Runtime", 1.3, named(rows, "unet forward 256x256"), of("ort")),
    ...everyRow("U-Net training step over jax-js", 1.8, named(rows, "unet training step 128x128"), of("jax")),
    ...everyRow("U-Net training step over TF.js", 3.5, named(rows, "unet training step 128x128"), of("tfjs")),
    ...everyRow("cold U-Net forward over ONNX Runtime", 1, named(rows, "cold unet forward, empty shader cache"), of("ort")),
    ...everyRow("cold U-Net training step over TF.js", 2, named(rows, "cold unet step, empty shader cache"), of("tfjs")),
    ...everyRow("cold U-Net training step over jax-js", 4, named(rows, "cold unet step, empty shader cache"), of("jax")),
    ...stepOverForward(rows),
  ];
}

export function barsTable(rows: readonly Row[]): string {
  const bars = barsOf(rows);
  return bars.length > 0 ? table([["to reach", "wanted", "got", ""], ...bars.map(({ what, wanted, got, met }) => [what, wanted, got, met ? "met" : "not met"])]) : "";
}
