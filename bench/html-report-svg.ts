import { escapeXml } from "../src/metrics/confusion-picture.js";

/** Colours of contenders and of kinds of kernels, for light and for dark pages. */
export const palette = `
:root{--c-atrous:#2563eb;--c-tfjs:#ea580c;--c-jax:#7c3aed;--c-ort:#0d9488;--c-pytorch:#db2777;--c-other:#6b7280;--c-1:#2563eb;--c-2:#7c3aed;--c-3:#db2777;--c-4:#0d9488;--c-5:#ca8a04;--c-6:#65a30d;--c-7:#ea580c;--c-8:#6b7280}
@media(prefers-color-scheme:dark){:root{--c-atrous:#60a5fa;--c-tfjs:#fb923c;--c-jax:#a78bfa;--c-ort:#2dd4bf;--c-pytorch:#f472b6;--c-other:#9ca3af;--c-1:#60a5fa;--c-2:#a78bfa;--c-3:#f472b6;--c-4:#2dd4bf;--c-5:#facc15;--c-6:#a3e635;--c-7:#fb923c;--c-8:#9ca3af}}
svg text{font:12px system-ui,sans-serif;fill:var(--soft)}svg text.ink{fill:var(--ink)}svg .grid{stroke:var(--line);fill:none}svg .axis{stroke:var(--soft);fill:none}svg .roof{stroke:var(--ink);stroke-width:1.5;fill:none}
svg .whisker{stroke:var(--ink);stroke-width:1;fill:none;opacity:.55}
`;

/** The variable that holds a contender's colour. */
export function colorOf(contender: string): string {
  const known = ["atrous", "tfjs", "jax", "ort", "pytorch"].find((name) => contender === name || (name === "pytorch" && contender.startsWith(name)));
  return `var(--c-${known ?? "other"})`;
}

/** What readers know a contender by. */
export const titleOf = (contender: string): string => ({ tfjs: "TF.js", jax: "jax-js", ort: "ONNX Runtime" })[contender] ?? contender;

/** Coordinates with a tenth of a pixel. */
export const px = (value: number): string => String(Math.round(value * 10) / 10);

/** Maps a range of positive numbers to pixels, evenly by their logarithms. */
export const logScale = ([low, high]: readonly [number, number], [from, to]: readonly [number, number]) => (value: number): number =>
  from + ((to - from) * Math.log(value / low)) / Math.log(high / low);

/** Powers of `base` within a range. */
export function powers(base: number, [low, high]: readonly [number, number]): number[] {
  const first = Math.ceil(Math.log(low) / Math.log(base) - 1e-9);
  const last = Math.floor(Math.log(high) / Math.log(base) + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => base ** (first + i));
}

/** Powers of `base` around some numbers. */
export function around(base: number, values: readonly number[]): [number, number] {
  const logs = values.map((value) => Math.log(value) / Math.log(base));
  return [base ** Math.floor(Math.min(...logs) - 1e-9), base ** Math.ceil(Math.max(...logs) + 1e-9)];
}

export function text(x: number, y: number, content: string, { anchor = "start", ink = false, size }: { anchor?: "start" | "middle" | "end"; ink?: boolean; size?: number } = {}): string {
  return `<text x="${px(x)}" y="${px(y)}"${anchor === "start" ? "" : ` text-anchor="${anchor}"`}${ink ? ' class="ink"' : ""}${size ? ` style="font-size:${size}px"` : ""}>${escapeXml(content)}</text>`;
}

export const title = (content: string): string => `<title>${escapeXml(content)}</title>`;

export const svg = (width: number, height: number, label: string, parts: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${px(width)} ${px(height)}" role="img" aria-label="${escapeXml(label)}">\n${parts.filter(Boolean).join("\n")}\n</svg>`;

/** Three significant digits, no exponent. */
export function short(value: number): string {
  if (value === 0) return "0";
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** A key to colours. */
export const legend = (entries: readonly (readonly [color: string, text: string])[]): string =>
  entries.map(([color, content]) => `<span class="key"><i style="background:${color}"></i>${escapeXml(content)}</span>`).join("");
