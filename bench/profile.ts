import type { Plan } from "../src/graph/plan.js";
import { short, table } from "./report.js";

/** Dispatches of a plan that are alike, together. */
export interface KernelRow {
  readonly kernel: string;
  readonly op: string;
  /** Shapes of the operands, of the slowest of them. */
  readonly shapes: string;
  readonly count: number;
  /** Place among the plan's dispatches, of the slowest of them. */
  readonly at: number;
  readonly milliseconds: number;
  readonly gflops: number;
  readonly gigabytesPerSecond: number;
}

/** Times every dispatch of a plan alone: the slowest first. */
export async function profileRows(plan: Plan): Promise<KernelRow[]> {
  const times = await plan.profile();
  const rows = times.map(({ kernel, op, milliseconds, gflops, gigabytesPerSecond }, i): KernelRow => {
    const { bindings } = plan.lowered.calls[i]!;
    return { kernel, op, shapes: Object.values(bindings).map(({ shape }) => shape.join("×")).join(" "), count: 1, at: i, milliseconds, gflops, gigabytesPerSecond };
  });
  return rows.sort((a, b) => b.milliseconds - a.milliseconds);
}

function byKernel(rows: readonly KernelRow[]): KernelRow[] {
  const groups = new Map<string, KernelRow[]>();
  for (const row of rows) {
    const key = `${row.kernel} ${row.op}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((group): KernelRow => {
    const milliseconds = group.reduce((sum, row) => sum + row.milliseconds, 0);
    const amount = (key: "gflops" | "gigabytesPerSecond"): number => group.reduce((sum, row) => sum + row[key] * row.milliseconds, 0) / milliseconds;
    return { ...group[0]!, count: group.length, milliseconds, gflops: amount("gflops"), gigabytesPerSecond: amount("gigabytesPerSecond") };
  }).sort((a, b) => b.milliseconds - a.milliseconds);
}

const LISTED = 24;

/** Kernels by their share of the time, then the slowest single dispatches. */
export function profileTables(rows: readonly KernelRow[]): string {
  const total = rows.reduce((sum, row) => sum + row.milliseconds, 0);
  const line = (row: KernelRow): string[] => [row.kernel, row.op, String(row.count), short(row.milliseconds), `${((100 * row.milliseconds) / total).toFixed(1)} %`, short(row.gflops), short(row.gigabytesPerSecond)];
  const head = ["kernel", "op", "dispatches", "ms", "share", "GFLOP/s", "GB/s"];
  return [
    `${rows.length} dispatches, ${short(total)} ms one by one`,
    table([head, ...byKernel(rows).map(line)]),
    "",
    table([[...head, "shapes"], ...rows.slice(0, LISTED).map((row) => [...line(row), row.shapes])]),
  ].join("\n");
}
