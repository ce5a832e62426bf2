import { OptionError } from "../../runtime/errors.js";

/** More than any network has: a damaged weights file must not ask for millions of them. */
export const MOST_BLOCKS = 256;

const words = { 4: "four", 5: "five", 7: "seven" } as const;

/** Whether it can be a number of blocks. */
export const isBlockCount = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= MOST_BLOCKS;

/** Throws unless there is a number of blocks for each of so many stages. */
export function requireBlocks(network: string, blocks: readonly number[] | undefined, stages: keyof typeof words): asserts blocks is readonly number[] {
  if (Array.isArray(blocks) && blocks.length === stages && blocks.every(isBlockCount)) return;
  throw new OptionError(`${network}: blocks must be ${words[stages]} whole numbers of 1 to ${MOST_BLOCKS} but is ${JSON.stringify(blocks)}.`);
}
