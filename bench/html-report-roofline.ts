import { around, logScale, powers, px, short, svg, text, title } from "./html-report-svg.js";

const WIDTH = 960;
const HEIGHT = 380;
const LEFT = 62;
const RIGHT = 18;
const TOP = 18;
const BOTTOM = 40;

/** Something that ran: what it computed per byte it had to move, and how fast. */
export interface RooflinePoint {
  readonly name: string;
  readonly flopsPerByte: number;
  readonly gflops: number;
  readonly color: string;
}

export interface Peaks {
  readonly gflops: number;
  readonly gigabytesPerSecond: number;
}

/** GFLOP/s over FLOP/byte, both logarithmic, under the roof that the adapter's measured copy bandwidth and multiply-add peak make. */
export function roofline(points: readonly RooflinePoint[], peaks: Peaks): string {
  const shown = points.filter(({ flopsPerByte, gflops }) => flopsPerByte > 0 && gflops > 0);
  if (shown.length === 0) return "";
  const ridge = peaks.gflops / peaks.gigabytesPerSecond;
  const across = around(2, [...shown.map((p) => p.flopsPerByte), ridge / 4, ridge * 4]);
  const up = around(10, [...shown.map((p) => p.gflops), peaks.gflops * 1.2]);
  const x = logScale(across, [LEFT, WIDTH - RIGHT]);
  const y = logScale(up, [HEIGHT - BOTTOM, TOP]);
  const roof = (at: number): number => Math.min(peaks.gflops, at * peaks.gigabytesPerSecond);
  // The slope enters from the left edge or, where it is below the plot there, from the bottom.
  const start = Math.max(across[0], up[0] / peaks.gigabytesPerSecond);
  return svg(WIDTH, HEIGHT, "Roofline", [
    ...powers(4, across).flatMap((value) => [`<path class="grid" d="M${px(x(value))} ${TOP}V${HEIGHT - BOTTOM}"/>`, text(x(value), HEIGHT - BOTTOM + 17, value < 1 ? `1/${1 / value}` : short(value), { anchor: "middle" })]),
    ...powers(10, up).flatMap((value) => [`<path class="grid" d="M${LEFT} ${px(y(value))}H${WIDTH - RIGHT}"/>`, text(LEFT - 8, y(value) + 4, short(value), { anchor: "end" })]),
    `<path class="roof" d="M${px(x(start))} ${px(y(roof(start)))}L${px(x(ridge))} ${px(y(peaks.gflops))}H${WIDTH - RIGHT}"/>`,
    text(WIDTH - RIGHT - 4, y(peaks.gflops) - 6, `${short(peaks.gflops)} GFLOP/s, measured peak`, { anchor: "end", ink: true }),
    ...shown.map(({ name, flopsPerByte, gflops, color }) => `<circle cx="${px(x(flopsPerByte))}" cy="${px(y(gflops))}" r="4.5" fill="${color}" fill-opacity=".8" stroke="var(--page)">${title(`${name}: ${short(gflops)} GFLOP/s at ${short(flopsPerByte)} FLOP/byte, ${((100 * gflops) / roof(flopsPerByte)).toFixed(0)} % of the roof`)}</circle>`),
    text(LEFT, TOP - 6, "GFLOP/s"),
    text(WIDTH - RIGHT, HEIGHT - 6, "FLOP/byte", { anchor: "end" }),
    text(x(Math.sqrt(start * ridge)) + 14, y(roof(Math.sqrt(start * ridge))) + 14, `${short(peaks.gigabytesPerSecond)} GB/s, measured copy`, { ink: true }),
  ]);
}
