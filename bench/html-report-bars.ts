import { FORWARD_PASS } from "./harness.js";
import { around, colorOf, logScale, powers, px, short, svg, text, title, titleOf } from "./html-report-svg.js";
import { isFigures, type Row } from "./results-file.js";

const WIDTH = 960;
const RIGHT = 84;
const BAR = 11;
const GAP = 10;
const TOP = 34;

const format = (ratio: number): string => `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)}×`;

/** Milliseconds of ours, as the right column shows them. */
function ownTime({ contenders: { atrous: ours } }: Row): string {
  if (!isFigures(ours) || ours.medianMs === undefined) return "";
  return ours.medianMs >= 1000 ? `${short(ours.medianMs / 1000)} s` : `${short(ours.medianMs)} ms`;
}

/** Width of a name, about. */
const LETTER = 6.4;

/** Contenders with a ratio to ours, in one order for all rows; the forward pass of a training step is not one. */
export const rivalsIn = (rows: readonly Row[]): string[] => {
  const named = rows.flatMap(({ contenders }) => Object.entries(contenders).flatMap(([name, one]) => (isFigures(one) && one.ratio && name !== FORWARD_PASS ? [name] : [])));
  return [...new Set(named)];
};

/**
 * Times of others over ours, a group of bars for each row, from 1 (as fast as ours) to the right where ours is faster; the axis
 * is logarithmic, whiskers are quartiles of the paired rounds. Rows without rivals are left out.
 */
export function ratioBars(rows: readonly Row[]): string {
  const shown = rows.filter((row) => rivalsIn([row]).length > 0);
  if (shown.length === 0) return "";
  const rivals = rivalsIn(shown);
  const label = Math.min(WIDTH / 2, Math.max(...shown.map(({ name }) => name.length * LETTER)) + 16);
  const ratios = shown.flatMap(({ contenders }) => rivals.flatMap((name) => {
    const one = contenders[name];
    return isFigures(one) && one.ratio ? [one.ratio.low, one.ratio.high] : [];
  }));
  const range = around(2, [...ratios, 0.5, 2].filter((value) => value > 0));
  const x = logScale(range, [label, WIDTH - RIGHT - 46]);
  const parts: string[] = [];
  let y = TOP;
  for (const row of shown) {
    const present = rivals.filter((name) => rivalsIn([row]).includes(name));
    const height = present.length * BAR;
    parts.push(text(label - 10, y + height / 2 + 4, row.name, { anchor: "end", ink: true }), text(WIDTH, y + height / 2 + 4, ownTime(row), { anchor: "end" }));
    for (const [i, name] of present.entries()) {
      const one = row.contenders[name]!;
      if (!isFigures(one)) continue;
      const { median, low, high } = one.ratio!;
      const [from, to] = [Math.min(x(1), x(median)), Math.max(x(1), x(median))];
      const middle = y + i * BAR + BAR / 2;
      parts.push(
        `<rect x="${px(from)}" y="${px(middle - BAR / 2 + 1)}" width="${px(Math.max(1, to - from))}" height="${BAR - 2}" rx="1.5" fill="${colorOf(name)}">${title(`${row.name}, ${titleOf(name)}: ${format(median)} our time (${format(low)} to ${format(high)})`)}</rect>`,
        high > low ? `<path class="whisker" d="M${px(x(low))} ${px(middle)}H${px(x(high))}"/>` : "",
        text(Math.max(to, x(high), x(1)) + 5, middle + 4, format(median), { size: 10 }),
      );
    }
    y += height + GAP;
  }
  const ticks = powers(2, range).flatMap((value) => [
    `<path class="${value === 1 ? "axis" : "grid"}" d="M${px(x(value))} ${TOP - 8}V${px(y)}"/>`,
    text(x(value), TOP - 14, value < 1 ? `1/${1 / value}` : `${value}×`, { anchor: "middle" }),
  ]);
  return svg(WIDTH, y + 4, "Times of others over ours", [...ticks, text(WIDTH, TOP - 14, "ours", { anchor: "end" }), ...parts]);
}
