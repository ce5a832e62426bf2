import type { ClassInfo, Sample } from "../data/dataset.js";
import { escapeXml as escape } from "../metrics/confusion-picture.js";
import { report as metricsReport } from "../metrics/report.js";
import type { Scores } from "../metrics/scores.js";
import type { TrainingResult } from "../train/trainer.js";
import { lossCurve } from "./report-curve.js";
import { dataUri, errorColors, errorPicture, imageIou, inputPicture, maskPicture } from "./report-pictures.js";
import { style } from "./report-style.js";

/** An image that the network never saw, with what it found there. */
export interface Judged {
  readonly sample: Sample;
  readonly predicted: Uint8Array;
}

export interface ReportFacts {
  readonly title: string;
  /** A sentence under the title. */
  readonly subtitle: string;
  readonly classes: readonly ClassInfo[];
  readonly scores: Scores;
  readonly judged: readonly Judged[];
  readonly training: TrainingResult;
  /** Names and values for the list at the end: adapter, network, data, times. */
  readonly facts: readonly (readonly [string, string])[];
  /** How to use the weights. */
  readonly command: string;
}

/** Images shown; of more, that many from the worst to the best. */
const SHOWN = 12;

const score = (value: number): string => (Number.isNaN(value) ? "–" : value.toFixed(3));
const css = ([r, g, b]: readonly [number, number, number]): string => `rgb(${r},${g},${b})`;
const swatch = (color: readonly [number, number, number], text: string): string => `<span class="key"><i style="background:${css(color)}"></i>${escape(text)}</span>`;

const tile = (value: string, label: string, main = false): string => `<div class="tile${main ? " main" : ""}"><b>${value}</b><span>${escape(label)}</span></div>`;

function pictures(judged: readonly Judged[], classes: readonly ClassInfo[]): string {
  const palette = classes.map(({ color }) => color);
  const ranked = judged.map((each) => ({ ...each, iou: imageIou(each.sample.mask!, each.predicted, classes.length) })).sort((a, b) => a.iou - b.iou);
  const shown = ranked.length <= SHOWN ? ranked : Array.from({ length: SHOWN }, (_, i) => ranked[Math.round((i * (ranked.length - 1)) / (SHOWN - 1))]!);
  const rows = shown.reverse().map(({ sample, predicted, iou }) => {
    const cells = [["input", inputPicture(sample)], ["truth", maskPicture(sample, sample.mask!, palette)], ["prediction", maskPicture(sample, predicted, palette)], ["error", errorPicture(sample, predicted)]] as const;
    return `<figure>${cells.map(([what, image]) => `<img src="${dataUri(image)}" alt="${what} of ${escape(sample.name)}" width="${image.width}" height="${image.height}">`).join("")}<figcaption>${escape(sample.name)} · ${sample.width}×${sample.height} · mean IoU <b>${score(iou)}</b></figcaption></figure>`;
  });
  const keys = [swatch(errorColors.missed, "missed"), swatch(errorColors.extra, "found where there is nothing"), ...(classes.length > 2 ? [swatch(errorColors.confused, "taken for another class")] : [])];
  const note = ranked.length > SHOWN ? `${SHOWN} of ${ranked.length} images, from the best to the worst.` : "From the best to the worst.";
  return `<p class="note">${note} ${classes.map(({ name, color }) => swatch(color, name)).join("")} Errors: ${keys.join("")}</p>
<div class="heads"><span>input</span><span>truth</span><span>prediction</span><span>error</span></div>
${rows.join("\n")}`;
}

/** The report of a training: one HTML file that needs nothing else. */
export function report({ title, subtitle, classes, scores, judged, training, facts, command }: ReportFacts): string {
  const foreground = classes.length === 2 ? scores.perClass[1]! : undefined;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
<p>${escape(subtitle)}</p>
<div class="tiles">
${tile(score(scores.mean.iou), "mean IoU", true)}
${foreground ? tile(score(foreground.dice), `Dice, ${foreground.name}`) : ""}
${tile(`${(100 * scores.pixelAccuracy).toFixed(1)} %`, "pixels right")}
${tile(String(judged.length), "unseen images")}
${tile(`${training.seconds.toFixed(0)} s`, "training")}
</div>
</header>
<section><h2>Images it never saw</h2>
${pictures(judged, classes)}
</section>
<section><h2>Classes</h2>
<div class="tables">${metricsReport(scores).html}</div>
</section>
<section><h2>Training</h2>
${lossCurve(training.losses, training.validations)}
</section>
<section><h2>How it was made</h2>
<dl>${facts.map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`).join("\n")}</dl>
<p>Use the network on your own images:</p>
<pre>${escape(command)}</pre>
</section>
</body>
</html>
`;
}
