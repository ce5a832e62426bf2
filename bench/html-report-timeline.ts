import { px, short, svg, text, title } from "./html-report-svg.js";
import type { KernelRow } from "./profile.js";

const WIDTH = 960;
const LINE = 30;
const GAP = 22;

/** What dispatches do, as the time line tells them apart; the first pattern that fits a kernel or its op counts. */
const kinds = [
  { name: "gradient of weights", color: "var(--c-3)", pattern: /weight.?gradient/i },
  { name: "gradient of inputs", color: "var(--c-2)", pattern: /input.?gradient|convTranspose/i },
  { name: "convolution and matrix product", color: "var(--c-1)", pattern: /conv|matmul|gemm/i },
  { name: "optimizer", color: "var(--c-5)", pattern: /optimi[sz]er|adam|sgd|update/i },
  { name: "loss", color: "var(--c-7)", pattern: /entropy|softmax|log.?sum.?exp|argmax/i },
  { name: "norm and reduction", color: "var(--c-4)", pattern: /norm|statistics|variance|reduce|sum|mean/i },
  { name: "pooling and resizing", color: "var(--c-6)", pattern: /pool|resize|upsample/i },
  { name: "pointwise and copies", color: "var(--c-8)", pattern: /./ },
] as const;

type Kind = (typeof kinds)[number];

const kindOf = ({ kernel, op }: KernelRow): Kind => kinds.find(({ pattern }) => pattern.test(kernel) || pattern.test(op)) ?? kinds.at(-1)!;

/** Colour of a kernel, the same in every picture. */
export const kernelColor = (row: KernelRow): string => kindOf(row).color;

/** Kinds with their share of the time, the largest first. */
export function kindShares(rows: readonly KernelRow[]): { name: string; color: string; milliseconds: number; dispatches: number }[] {
  return kinds.map(({ name, color }) => {
    const own = rows.filter((row) => kindOf(row).name === name);
    return { name, color, milliseconds: own.reduce((sum, row) => sum + row.milliseconds, 0), dispatches: own.length };
  }).filter(({ dispatches }) => dispatches > 0).sort((a, b) => b.milliseconds - a.milliseconds);
}

/**
 * The dispatches of a plan in their order, as wide as they take when each runs alone, on as many lines as keep short ones
 * visible; every line is the same stretch of time.
 */
export function timeLine(rows: readonly KernelRow[]): string {
  const ordered = [...rows].sort((a, b) => a.at - b.at);
  const total = ordered.reduce((sum, row) => sum + row.milliseconds, 0);
  if (!(total > 0)) return "";
  const lines = Math.min(8, Math.max(1, Math.ceil(ordered.length / 60)));
  const perLine = total / lines;
  const parts: string[] = [];
  let at = 0;
  for (const row of ordered) {
    const what = title(`${row.at + 1}. ${row.kernel}${row.op ? ` (${row.op})` : ""}: ${short(row.milliseconds)} ms, ${((100 * row.milliseconds) / total).toFixed(1)} %${row.gflops ? `, ${short(row.gflops)} GFLOP/s` : ""}, ${short(row.gigabytesPerSecond)} GB/s; ${row.shapes}`);
    // A dispatch that crosses the end of a line goes on in the next.
    const end = at + row.milliseconds;
    for (let from = at; from < end - 1e-9 * total;) {
      const line = Math.min(lines - 1, Math.floor(from / perLine + 1e-9));
      const to = line === lines - 1 ? end : Math.min(end, (line + 1) * perLine);
      const [x0, x1] = [((from - line * perLine) / perLine) * WIDTH, ((to - line * perLine) / perLine) * WIDTH];
      parts.push(`<rect x="${px(x0)}" y="${line * (LINE + GAP) + 16}" width="${Math.max(0.2, x1 - x0).toFixed(2)}" height="${LINE}" fill="${kernelColor(row)}" stroke="var(--page)" stroke-width=".6">${what}</rect>`);
      from = to;
    }
    at = end;
  }
  const marks = Array.from({ length: lines }, (_, line) => text(0, line * (LINE + GAP) + 12, `${short(line * perLine)} ms`));
  return svg(WIDTH, lines * (LINE + GAP), "Time line of the dispatches", [...marks, ...parts]);
}
