import { convolutionCases } from "./convolution-cases.js";
import { depthwiseCases } from "./depthwise-cases.js";
import type { Case } from "./harness.js";
import { limitCases } from "./limit-cases.js";
import { networkCases } from "./network-cases.js";
import { operatorCases } from "./operator-cases.js";
import { unetCases } from "./unet-cases.js";

/** Everything that is timed in this process, by group and in the order of the tables. */
export const benchCases: readonly Case[] = [...limitCases, ...convolutionCases, ...depthwiseCases, ...operatorCases, ...unetCases, ...networkCases];
