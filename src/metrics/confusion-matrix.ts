import { OptionError, ShapeError } from "../runtime/errors.js";

/**
 * How often each true class was predicted as each class, over as many images as wanted: exact whole numbers up to 2⁵³.
 * Rows are the truth, columns the prediction. Pixels without a class (ignored ones) are in no cell.
 */
export class ConfusionMatrix {
  readonly classes: number;
  /** Row-major [classes, classes]. */
  readonly counts: Float64Array;

  /** @param classes number of classes, at least 1 */
  constructor(classes: number) {
    if (!Number.isInteger(classes) || classes < 1) throw new OptionError(`ConfusionMatrix: classes must be a whole number of at least 1 but is ${classes}.`);
    this.classes = classes;
    this.counts = new Float64Array(classes * classes);
  }

  /**
   * Adds counts, as `confusionMatrix` makes them on the GPU, or another matrix.
   *
   * @param counts row-major [classes, classes], whole numbers of at least 0
   */
  add(counts: ArrayLike<number> | ConfusionMatrix): this {
    const values = counts instanceof ConfusionMatrix ? counts.counts : counts;
    if (values.length !== this.counts.length) throw new ShapeError("ConfusionMatrix.add", `${this.classes} classes have ${this.counts.length} counts but ${values.length} were given`);
    for (let i = 0; i < values.length; i++) if (!Number.isSafeInteger(values[i]) || values[i]! < 0) throw new OptionError(`ConfusionMatrix.add: counts must be whole numbers of at least 0 but one is ${values[i]}.`);
    for (let i = 0; i < values.length; i++) this.counts[i]! += values[i]!;
    return this;
  }

  /**
   * Counts the pixels of two class maps on the host. Pixels whose label or prediction is no class are left out, 255 among them.
   *
   * @param predicted class numbers
   * @param labels the truth, as many
   */
  addMaps(predicted: ArrayLike<number>, labels: ArrayLike<number>): this {
    if (predicted.length !== labels.length) throw new ShapeError("ConfusionMatrix.addMaps", `there are ${predicted.length} predictions but ${labels.length} labels`);
    for (let i = 0; i < labels.length; i++) {
      const [truth, guess] = [labels[i]!, predicted[i]!];
      if (this.#isClass(truth) && this.#isClass(guess)) this.counts[truth * this.classes + guess]!++;
    }
    return this;
  }

  #isClass(value: number): boolean {
    return Number.isInteger(value) && value >= 0 && value < this.classes;
  }

  /** Pixels of class `truth` that were predicted as class `predicted`. @throws OptionError for what is no class */
  at(truth: number, predicted: number): number {
    if (!this.#isClass(truth) || !this.#isClass(predicted)) throw new OptionError(`ConfusionMatrix.at: classes are numbered from 0 to ${this.classes - 1}, but (${truth}, ${predicted}) was asked for.`);
    return this.counts[truth * this.classes + predicted]!;
  }

  /** Pixels that were counted. */
  get total(): number {
    return this.counts.reduce((a, b) => a + b, 0);
  }

  /** Pixels of a class: those predicted right and wrong, and those of other classes that were taken for it. */
  outcome(index: number): Outcome {
    return this.#outcomeOf(index, this.total);
  }

  /** `outcome` of every class. */
  outcomes(): Outcome[] {
    const { total } = this;
    return Array.from({ length: this.classes }, (_, index) => this.#outcomeOf(index, total));
  }

  #outcomeOf(index: number, total: number): Outcome {
    let [row, column] = [0, 0];
    for (let other = 0; other < this.classes; other++) {
      row += this.at(index, other);
      column += this.at(other, index);
    }
    const truePositive = this.at(index, index);
    return { truePositive, falsePositive: column - truePositive, falseNegative: row - truePositive, trueNegative: total - row - column + truePositive };
  }
}

/** What became of the pixels of one class. */
export interface Outcome {
  readonly truePositive: number;
  /** Of other classes, predicted as this one. */
  readonly falsePositive: number;
  /** Of this class, predicted as others. */
  readonly falseNegative: number;
  /** Of other classes, predicted as others (right ones or wrong ones). */
  readonly trueNegative: number;
}
