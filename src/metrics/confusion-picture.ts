import type { ConfusionMatrix } from "./confusion-matrix.js";
import { thousands } from "./table.js";

/** Text as XML holds it. */
export const escapeXml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const CELL = 46;
/** Width of a letter of 13 px, about. */
const LETTER = 7.2;
/** Classes up to which cells have numbers in them. */
const WRITTEN = 24;

/**
 * A confusion matrix as a picture: a row per true class, a column per predicted class; the darker a cell, the larger its part of
 * the row. Right cells (the diagonal) are blue, wrong ones orange. Whole percents stand in the cells, pixels in their titles.
 *
 * @returns an SVG document, which shows on light and dark pages alike
 */
export function confusionPicture(matrix: ConfusionMatrix, names: readonly string[]): string {
  const n = matrix.classes;
  const cell = n <= WRITTEN ? CELL : Math.max(6, Math.floor((WRITTEN * CELL) / n));
  const margin = Math.ceil(Math.max(40, ...names.map((name) => name.length * LETTER + 14)));
  const size = n * cell;
  const [left, top] = [margin + 24, margin + 24];
  const label = (text: string, x: number, y: number, more: string): string => `<text x="${x}" y="${y}" ${more}>${escapeXml(text)}</text>`;
  const parts: string[] = [];
  for (let truth = 0; truth < n; truth++) {
    const row = Array.from({ length: n }, (_, c) => matrix.at(truth, c));
    const total = row.reduce((a, b) => a + b, 0);
    const middle = top + truth * cell + cell / 2;
    const across = left + truth * cell + cell / 2;
    parts.push(label(names[truth]!, left - 8, middle, 'text-anchor="end" dominant-baseline="central"'));
    parts.push(label(names[truth]!, across, top - 8, `dominant-baseline="central" transform="rotate(-90 ${across} ${top - 8})"`));
    row.forEach((pixels, guess) => {
      const part = total > 0 ? pixels / total : 0;
      const [x, y] = [left + guess * cell, top + truth * cell];
      const title = `${names[truth]} taken for ${names[guess]}: ${thousands(pixels)} pixels, ${(100 * part).toFixed(2)} % of the class`;
      parts.push(`<rect x="${x}" y="${y}" width="${cell}" height="${cell}" fill="${truth === guess ? "#2563eb" : "#ea580c"}" fill-opacity="${(0.85 * part).toFixed(3)}" stroke="currentColor" stroke-opacity="0.2"><title>${escapeXml(title)}</title></rect>`);
      if (n <= WRITTEN) parts.push(label(total > 0 ? (part > 0 && part < 0.005 ? "<1" : (100 * part).toFixed(0)) : "–", x + cell / 2, y + cell / 2, `text-anchor="middle" dominant-baseline="central" pointer-events="none" style="fill:${part > 0.4 ? "#fff" : "currentColor"}"${part === 0 ? ' fill-opacity="0.35"' : ""}`));
    });
  }
  const [width, height] = [left + size + 8, Math.max(top + size + 8, 160)];
  // Beside the rows if they are long enough for it.
  const middle = size >= 140 ? top + size / 2 : height / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="currentColor" role="img" aria-label="Confusion matrix">
${label("predicted", left + size / 2, 14, 'text-anchor="middle" fill-opacity="0.7"')}
${label("truth, % of each row", 14, middle, `text-anchor="middle" fill-opacity="0.7" transform="rotate(-90 14 ${middle})"`)}
${parts.join("\n")}
</svg>
`;
}
