import type { LossPoint, ValidationPoint } from "../train/events.js";

const WIDTH = 760;
const LEFT = 52;
const RIGHT = 16;
const PANEL = 170;
const GAP = 48;

/** Numbers at round distances that cover a range, five or so. */
function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(10)));
}

/** Each value as the mean of those around it, over a window that grows with the number of values. */
function smoothed(points: readonly LossPoint[]): LossPoint[] {
  const reach = Math.max(1, Math.round(points.length / 40));
  return points.map(({ step }, i) => {
    const around = points.slice(Math.max(0, i - reach), i + reach + 1);
    return { step, loss: around.reduce((sum, p) => sum + p.loss, 0) / around.length };
  });
}

interface Panel {
  readonly title: string;
  readonly top: number;
  readonly range: readonly [number, number];
}

const round = (n: number): string => n.toFixed(1);

/**
 * The loss of every step (faint, and smoothed over it) with the validation's mean IoU below, as an SVG picture that
 * stands alone and follows the reader's light or dark mode.
 */
export function lossCurve(losses: readonly LossPoint[], validations: readonly ValidationPoint[]): string {
  const last = Math.max(1, ...losses.map((p) => p.step), ...validations.map((p) => p.step));
  const highest = Math.max(1e-6, ...losses.map((p) => p.loss), ...validations.map((p) => p.loss));
  const lowest = Math.min(0, ...losses.map((p) => p.loss));
  const top: Panel = { title: "loss", top: 22, range: [lowest, highest * 1.05] };
  const bottom: Panel = { title: "mean IoU on validation images", top: 22 + PANEL + GAP + 10, range: [0, 1] };
  const height = validations.length > 0 ? bottom.top + PANEL + 40 : top.top + PANEL + 40;
  const x = (step: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * step) / last;
  const y = ({ top: from, range: [low, high] }: Panel, value: number): number => from + PANEL * (1 - (value - low) / (high - low));
  const path = (points: readonly (readonly [number, number])[]): string => points.map(([a, b], i) => `${i === 0 ? "M" : "L"}${round(a)} ${round(b)}`).join("");
  const axes = (panel: Panel): string => [
    `<text class="title" x="${LEFT}" y="${panel.top - 9}">${panel.title}</text>`,
    ...ticks(...panel.range).map((value) => `<path class="grid" d="M${LEFT} ${round(y(panel, value))}H${WIDTH - RIGHT}"/><text x="${LEFT - 8}" y="${round(y(panel, value) + 4)}" text-anchor="end">${value}</text>`),
    ...ticks(0, last).map((step) => `<text x="${round(x(step))}" y="${panel.top + PANEL + 18}" text-anchor="middle">${step}</text>`),
  ].join("\n");
  const best = validations.reduce<ValidationPoint | undefined>((a, b) => (!a || b.score > a.score ? b : a), undefined);
  const iou = (v: ValidationPoint): readonly [number, number] => [x(v.step), y(bottom, v.scores.mean.iou)];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Loss and validation over the steps of training">
<style>
text{font:12px system-ui,sans-serif;fill:#6b7280}.title{font-weight:600;fill:#374151}.grid{stroke:#e5e7eb;fill:none}
.raw{stroke:#2563eb;opacity:.28;fill:none}.line{stroke:#2563eb;stroke-width:2;fill:none;stroke-linejoin:round}.iou{stroke:#ea580c;stroke-width:2;fill:none;stroke-linejoin:round}.dot{fill:#ea580c}.best{font-weight:600;fill:#ea580c}
@media(prefers-color-scheme:dark){text{fill:#9ca3af}.title{fill:#e5e7eb}.grid{stroke:#374151}.raw,.line{stroke:#60a5fa}.iou{stroke:#fb923c}.dot,.best{fill:#fb923c}}
</style>
${axes(top)}
<path class="raw" d="${path(losses.map((p) => [x(p.step), y(top, p.loss)]))}"/>
<path class="line" d="${path(smoothed(losses).map((p) => [x(p.step), y(top, p.loss)]))}"/>
${validations.length === 0 ? "" : `${axes(bottom)}
<path class="iou" d="${path(validations.map(iou))}"/>
${validations.map((v) => `<circle class="dot" r="${v === best ? 4.5 : 2.5}" cx="${round(iou(v)[0])}" cy="${round(iou(v)[1])}"/>`).join("")}
${best ? `<text class="best" text-anchor="end" x="${round(Math.max(iou(best)[0] + 4, LEFT + 40))}" y="${round(iou(best)[1] - 10)}">${best.scores.mean.iou.toFixed(3)}</text>` : ""}`}
<text x="${WIDTH - RIGHT}" y="${height - 2}" text-anchor="end">step</text>
</svg>
`;
}
