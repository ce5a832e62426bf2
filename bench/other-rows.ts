import type { PeerName } from "./contender.js";
import type { Group } from "./harness.js";
import { bundleRows } from "./bundle-rows.js";
import { coldRows, memoryRows } from "./cold-start-runs.js";
import { short, table } from "./report.js";
import { isFigures, type Row } from "./results-file.js";

/** The groups that are not timed in this process: cold starts and peak memory in processes of their own, and the bytes of bundles. */
export async function otherRows(groups: readonly Group[], peers: readonly PeerName[], rounds: number, progress: (what: string) => void): Promise<Row[]> {
  return [
    ...(groups.includes("cold") ? await coldRows(peers, rounds, progress) : []),
    ...(groups.includes("bundle") ? await bundleRows(peers) : []),
    ...(groups.includes("memory") ? await memoryRows(peers, progress) : []),
  ];
}

/** Those groups as a table: seconds or mebibytes of each contender. */
export function otherTable(rows: readonly Row[]): string {
  const shown = rows.filter(({ group }) => group === "cold" || group === "bundle" || group === "memory");
  if (shown.length === 0) return "";
  const names = [...new Set(shown.flatMap(({ contenders }) => Object.keys(contenders)))];
  const unit = ({ group }: Row): string => (group === "cold" ? "s" : group === "bundle" ? "kB" : "MiB");
  const cell = (row: Row, name: string): string => {
    const one = row.contenders[name];
    if (!isFigures(one)) return one ? "absent" : "";
    const value = row.group === "cold" ? one.medianMs! / 1000 : row.group === "bundle" ? one.bytes! / 1000 : one.bytes! / 2 ** 20;
    return `${short(value)}${one.ratio ? ` (${one.ratio.median.toFixed(2)}×)` : ""}`;
  };
  const reasons = [...new Set(shown.flatMap(({ contenders }) => Object.entries(contenders).flatMap(([name, one]) => ("absent" in one ? [`${name}: ${one.absent}`] : []))))];
  return [table([["", "unit", ...names], ...shown.map((row) => [row.name, unit(row), ...names.map((name) => cell(row, name))])]), ...reasons].join("\n");
}
