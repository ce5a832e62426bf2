import type { Bar } from "./bars.js";
import { isFigures, type Figures, type Row } from "./results-file.js";

const ours = ({ contenders: { atrous } }: Row): Figures | undefined => (isFigures(atrous) ? atrous : undefined);

const ratioTo = (peer: string) => ({ contenders }: Row): number | undefined => {
  const one = contenders[peer];
  return isFigures(one) ? one.ratio?.median : undefined;
};

/** A figure that is set out for GPUs: each row that `of` chooses must reach `least` of `value`, or stay under `most`. */
interface Goal {
  readonly what: string;
  readonly of: (row: Row) => boolean;
  readonly value: (row: Row) => number | undefined;
  readonly least?: number;
  readonly most?: number;
  readonly show: (value: number) => string;
}

const percent = (value: number): string => `${value.toFixed(0)} %`;
const times = (value: number): string => `${value.toFixed(2)}×`;
const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;
const ofPeak = (row: Row): number | undefined => ours(row)?.percentOfPeak;
const ofBandwidth = (row: Row): number | undefined => ours(row)?.percentOfBandwidth;

const isConvolution = ({ group, name }: Row): boolean => group === "operators" && /^(transposed )?conv\b/.test(name);
const isGradient = ({ name }: Row): boolean => /gradient/.test(name);
const isNetwork = ({ group }: Row): boolean => group === "networks";
const isFrame = ({ name }: Row): boolean => name.startsWith("deeplabv3+ xception-65 1539x770");
/** The networks whose inference and training are to match PyTorch. */
const isAnchor = ({ group, name }: Row): boolean => (group === "networks" || name.includes("training step")) && /^(unet 64-1024|deeplabv3 resnet-50)/.test(name);

const goals: readonly Goal[] = [
  { what: "matmul 4096³ of the measured peak", of: ({ name }) => name.startsWith("matmul 4096"), value: ofPeak, least: 70, show: percent },
  { what: "3×3, dilated and 1×1 convolution of the measured peak", of: (row) => isConvolution(row) && !isGradient(row), value: ofPeak, least: 55, show: percent },
  { what: "gradients of convolutions of the measured peak", of: (row) => isConvolution(row) && isGradient(row), value: ofPeak, least: 45, show: percent },
  { what: "memory-bound operators of copy bandwidth", of: ({ group, flops }) => group === "operators" && flops === 0, value: ofBandwidth, least: 80, show: percent },
  { what: "convolution over TF.js", of: isConvolution, value: ratioTo("tfjs"), least: 3, show: times },
  { what: "convolution over ONNX Runtime", of: isConvolution, value: ratioTo("ort"), least: 2, show: times },
  { what: "networks over TF.js", of: isNetwork, value: ratioTo("tfjs"), least: 4, show: times },
  { what: "networks over ONNX Runtime", of: isNetwork, value: ratioTo("ort"), least: 2, show: times },
  { what: "training over TF.js", of: ({ group }) => group === "training", value: ratioTo("tfjs"), least: 10, show: times },
  { what: "U-Net and DeepLabV3-ResNet-50 over PyTorch eager, f32 without TF32", of: isAnchor, value: ratioTo("pytorch eager f32"), least: 1, show: times },
  { what: "the 1539×770 Xception-65 frame of the measured peak", of: isFrame, value: ofPeak, least: 55, show: percent },
  { what: "the 1539×770 Xception-65 frame (H200 class)", of: isFrame, value: (row) => ours(row)?.medianMs, most: 13, show: milliseconds },
];

/** The figures of the issue that are for GPUs, each with its worst row; `got` is empty where nothing has been measured. */
export function gpuBarsOf(rows: readonly Row[]): (Bar & { readonly measured: boolean })[] {
  return goals.map(({ what, of, value, least, most, show }) => {
    const reached = rows.filter(of).flatMap((row) => {
      const one = value(row);
      return one === undefined ? [] : [{ name: row.name, one }];
    }).sort((a, b) => (most === undefined ? a.one - b.one : b.one - a.one));
    const worst = reached[0];
    const met = worst !== undefined && (most === undefined ? worst.one >= least! : worst.one <= most);
    return { what, wanted: most === undefined ? `≥ ${show(least!)}` : `≤ ${show(most)}`, got: worst ? `${show(worst.one)} (${worst.name})` : "", met, measured: worst !== undefined };
  });
}
