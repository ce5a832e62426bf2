import { parseArgs } from "node:util";
import { OptionError } from "../src/runtime/errors.js";

export interface BenchOptions {
  /** Parts of case names; empty: all cases. */
  readonly only: readonly string[];
  readonly rounds: number;
  readonly json: string | undefined;
  readonly profile: boolean;
  readonly describe: boolean;
  readonly cold: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

export const help = `npm run bench -- [options]

Checks every case against a slow reference, then times all of them in interleaved rounds.

  --only NAME     cases whose name contains NAME (again for more; "unet", "conv", "operators", "networks")
  --rounds N      rounds (default 5); the median counts
  --json FILE     write the results
  --profile       time each kernel of the networks' plans
  --describe      print the networks' plans
  --cold          seconds from process start to the first result of the networks
  --list          names of the cases

ATROUS_ADAPTER=swiftshader|lavapipe|gpu chooses the adapter.`;

/** @throws OptionError for arguments that mean nothing here */
export function readOptions(args: readonly string[]): BenchOptions {
  const flag = { type: "boolean", default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: "string", multiple: true, default: [] },
        rounds: { type: "string", default: "5" },
        json: { type: "string" },
        profile: flag, describe: flag, cold: flag, list: flag, help: flag,
      },
    });
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) throw new OptionError(`bench: --rounds must be a whole number of at least 1 but is "${values.rounds}".`);
    return { ...values, rounds, json: values.json };
  } catch (error) {
    if (error instanceof OptionError) throw error;
    throw new OptionError(`bench: ${(error as Error).message}`, { cause: error });
  }
}
