import { parseArgs } from "node:util";
import { OptionError } from "../src/runtime/errors.js";
import { peerNames, type PeerName } from "./contender.js";
import { groups, type Group } from "./harness.js";

export interface BenchOptions {
  /** Parts of case names; empty: all cases. */
  readonly only: readonly string[];
  readonly groups: readonly Group[];
  readonly rounds: number;
  /** Undefined: those that are installed. */
  readonly peers: readonly PeerName[] | undefined;
  /** Dawn toggles of a second device of ours. */
  readonly toggles: readonly string[];
  readonly json: string | undefined;
  readonly save: boolean;
  readonly profile: boolean;
  readonly describe: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

export const help = `npm run bench -- [options]

Checks every case against a slow reference and against the peers (npm run bench:peers installs them), then times ours and theirs
side by side in interleaved rounds.

  --group NAME    ${groups.join(", ")} (again for more; default: all)
  --only NAME     cases whose name contains NAME (again for more; "unet", "conv", "operators", "networks"); of the groups limits to training
  --rounds N      rounds (default 5; 3 for what takes seconds); the median counts
  --peers NAMES   ${peerNames.join(",")} or none (default: those installed)
  --toggles NAMES Dawn toggles of a second device of ours, in every row (default: disable_robustness, in rows of networks and training
                  only, when ONNX Runtime is among the peers, which brings its own Dawn without bounds checks)
  --json FILE     write the results
  --save          write them to bench/results/ADAPTER/GROUP.json
  --profile       time each kernel of the networks' plans
  --describe      print the networks' plans
  --list          names of the cases

ATROUS_ADAPTER=swiftshader|lavapipe|gpu chooses the adapter.`;

function oneOf<T extends string>(flag: string, names: readonly string[], known: readonly T[]): T[] {
  for (const name of names) if (!known.includes(name as T)) throw new OptionError(`bench: ${flag} must be one of ${known.join(", ")} but is "${name}".`);
  return names as T[];
}

const listOf = (text: string): string[] => text.split(",").filter(Boolean);

/** @throws OptionError for arguments that mean nothing here */
export function readOptions(args: readonly string[]): BenchOptions {
  const flag = { type: "boolean", default: false } as const;
  const many = { type: "string", multiple: true, default: [] } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { ...many, default: [] }, group: { ...many, default: [] },
        rounds: { type: "string", default: "5" },
        peers: { type: "string" }, toggles: { type: "string" }, json: { type: "string" },
        save: flag, profile: flag, describe: flag, list: flag, help: flag,
      },
    });
    const { only, peers, json, save } = values;
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) throw new OptionError(`bench: --rounds must be a whole number of at least 1 but is "${values.rounds}".`);
    if (save && only.length > 0) throw new OptionError("bench: --save replaces the results of whole groups: leave --only out, or choose groups with --group.");
    const chosen = oneOf("--group", values.group.flatMap(listOf), groups);
    return {
      ...values, rounds, json,
      groups: chosen.length > 0 ? chosen : groups.filter((group) => only.length === 0 || !["cold", "bundle", "memory"].includes(group)),
      peers: peers === undefined ? undefined : peers === "none" ? [] : oneOf("--peers", listOf(peers), peerNames),
      toggles: listOf(values.toggles ?? ""),
    };
  } catch (error) {
    if (error instanceof OptionError) throw error;
    throw new OptionError(`bench: ${(error as Error).message}`, { cause: error });
  }
}
