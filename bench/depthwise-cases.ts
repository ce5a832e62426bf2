import { allDirections, convolutionCase, type Convolution } from "./convolution-cases.js";
import type { Case } from "./harness.js";

const depthwise = (channels: number, height: number, o: Partial<Convolution> = {}): Convolution => ({ kernel: 3, from: channels, to: channels, groups: channels, height, ...o });

/** Depthwise convolutions beside those of convolution-cases.ts: strided, of larger kernels, and those of MobileNetV2 and Xception. */
export const depthwiseCases: readonly Case[] = [
  ...allDirections(depthwise(256, 64, { stride: 2 })),
  convolutionCase(depthwise(256, 64, { dilation: 4 })),
  ...allDirections(depthwise(256, 64, { kernel: 5 })),
  convolutionCase(depthwise(96, 64)),
  convolutionCase(depthwise(728, 48, { width: 96 })),
];
