import type { LogLine, LossPoint, ValidationPoint } from "./events.js";
import { trainingFiles, type TrainingStorage } from "./storage.js";

const LINES_AT_ONCE = 50;

/** The history of a run: in memory, and as lines of JSON in its storage. */
export class RunLog {
  readonly #storage: TrainingStorage | undefined;
  readonly #losses: LossPoint[] = [];
  readonly #validations: ValidationPoint[] = [];
  #lines: string[] = [];
  #written: Promise<void> = Promise.resolve();

  constructor(storage: TrainingStorage | undefined) {
    this.#storage = storage;
  }

  get history(): { losses: readonly LossPoint[]; validations: readonly ValidationPoint[] } {
    return { losses: this.#losses, validations: this.#validations };
  }

  /** Begins a new log, or takes up the old one as it was at `step`: what came later will come again. */
  async begin(step: number): Promise<void> {
    const old = step > 0 ? await this.#storage?.read(trainingFiles.log) : undefined;
    const kept = old ? readLog(new TextDecoder().decode(old)).filter((line) => line.step <= step) : [];
    for (const line of kept) this.#remember(line);
    await this.#storage?.write(trainingFiles.log, kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  add(line: LogLine): void {
    this.#remember(line);
    if (!this.#storage) return;
    this.#lines.push(`${JSON.stringify(line)}\n`);
    if (this.#lines.length >= LINES_AT_ONCE) this.flush().catch(() => undefined); // the next flush that is waited for reports it
  }

  /** Writes what is not written yet. */
  flush(): Promise<void> {
    const text = this.#lines.join("");
    this.#lines = [];
    return (this.#written = this.#written.then(() => (text === "" ? undefined : this.#storage?.append(trainingFiles.log, text))));
  }

  #remember(line: LogLine): void {
    if (line.type === "step") this.#losses.push({ step: line.step, loss: line.loss });
    else {
      const { step, loss, score, scores, best } = line;
      this.#validations.push({ step, loss, score, scores, best });
    }
  }
}

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
