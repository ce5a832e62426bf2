import { ConfusionMatrix } from "../metrics/confusion-matrix.js";
import { scores as scoresOf } from "../metrics/scores.js";
import type { LogLine, LossPoint, ValidationPoint } from "./events.js";
import { trainingFiles, type TrainingStorage } from "./storage.js";

const LINES_AT_ONCE = 50;

/** The history of a run: in memory, and as lines of JSON in its storage. */
export class RunLog {
  readonly #storage: TrainingStorage | undefined;
  readonly #names: readonly string[];
  readonly #losses: LossPoint[] = [];
  readonly #validations: ValidationPoint[] = [];
  #lines: string[] = [];
  #written: Promise<void> = Promise.resolve();

  /** @param names of the classes */
  constructor(storage: TrainingStorage | undefined, names: readonly string[]) {
    this.#storage = storage;
    this.#names = names;
  }

  get history(): { losses: readonly LossPoint[]; validations: readonly ValidationPoint[] } {
    return { losses: this.#losses, validations: this.#validations };
  }

  /** Begins a new log, or takes up the old one as it was at `step`: what came later will come again. */
  async begin(step: number): Promise<void> {
    const old = step > 0 ? await this.#storage?.read(trainingFiles.log) : undefined;
    const kept = old ? readLog(new TextDecoder().decode(old)).filter((line) => line.step <= step) : [];
    for (const line of kept) this.#remember(line);
    await this.#storage?.write(trainingFiles.log, kept.map(asText).join(""));
  }

  addStep(point: { step: number; loss: number; learningRate: number; gradientNorm: number }): void {
    this.#losses.push({ step: point.step, loss: point.loss });
    this.#add({ type: "step", ...point });
  }

  addValidation(point: ValidationPoint): void {
    this.#validations.push(point);
    const { step, loss, score, best, scores, matrix } = point;
    this.#add({ type: "validation", step, loss, score, best, meanIou: scores.mean.iou, confusion: [...matrix.counts] });
  }

  /** Writes what is not written yet. */
  flush(): Promise<void> {
    const text = this.#lines.join("");
    this.#lines = [];
    return (this.#written = this.#written.then(() => (text === "" ? undefined : this.#storage?.append(trainingFiles.log, text))));
  }

  #add(line: LogLine): void {
    if (!this.#storage) return;
    this.#lines.push(asText(line));
    if (this.#lines.length >= LINES_AT_ONCE) this.flush().catch(() => undefined); // the next flush that is waited for reports it
  }

  #remember(line: LogLine): void {
    const { step, loss } = line;
    if (line.type === "step") this.#losses.push({ step, loss });
    else {
      const matrix = new ConfusionMatrix(Math.sqrt(line.confusion.length)).add(line.confusion);
      const names = this.#names.length === matrix.classes ? this.#names : undefined;
      this.#validations.push({ step, loss, matrix, scores: scoresOf(matrix, { names }), score: line.score, best: line.best });
    }
  }
}

const asText = (line: LogLine): string => `${JSON.stringify(line)}\n`;

/** The lines of a `log.jsonl`; a last line that was cut off by a crash is left out. */
export function readLog(text: string): LogLine[] {
  return text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as LogLine];
    } catch {
      return [];
    }
  });
}
