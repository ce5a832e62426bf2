import { batches, type HostBatch } from "../data/batches.js";
import type { Dataset } from "../data/dataset.js";
import { deviceBatches, type DeviceBatch } from "../data/device-batches.js";
import { tensor, type Tensor } from "../graph/tensor.js";
import { tuningOf } from "../kernels/tuning.js";
import type { Module } from "../layers/module.js";
import { scores as scoresOf, type Scores } from "../metrics/scores.js";
import { weightsOf } from "../io/weights.js";
import { adamW } from "../optim/index.js";
import type { Optimizer } from "../optim/optimizer.js";
import { cosine, rateAt, warmUp } from "../optim/schedule.js";
import { AtrousError, CheckpointError, OptionError, TrainingError } from "../runtime/errors.js";
import { applySnapshot, readCheckpoint, restore, takeSnapshot, writeCheckpoint, type Progress, type Snapshot } from "./checkpoint.js";
import { Evaluator } from "./evaluate.js";
import type { LossPoint, StopReason, TrainingEvent, ValidationPoint } from "./events.js";
import { crossEntropyLoss, type LossFunction } from "./loss.js";
import { settingsOf, type Settings, type TrainerOptions } from "./options.js";
import { recalibrate } from "./recalibrate.js";
import { RunLog } from "./run-log.js";
import { Speed } from "./speed.js";
import { trainingFiles } from "./storage.js";
import { trainingStep } from "./step.js";

export interface TrainingResult {
  /** Updates made, those of a resumed run included. */
  readonly steps: number;
  readonly reason: StopReason;
  /** Every loss that was read, and every validation; a resumed run has those of its log too. */
  readonly losses: readonly LossPoint[];
  readonly validations: readonly ValidationPoint[];
  /** The validation whose weights the model has now; undefined without validation: it has the last ones. */
  readonly best: { readonly step: number; readonly score: number } | undefined;
  /** Validation after the batch norms were recalibrated; undefined where they were not, or there is no validation. */
  readonly recalibrated: Scores | undefined;
  /** Seconds that `run` took. */
  readonly seconds: number;
}

/** Steps whose loss may be on its way. */
const READS_IN_FLIGHT = 4;

/**
 * Trains a network: batches, compiled steps, validation, the best weights, checkpoints, a log.
 *
 *     const trainer = new Trainer({ model, dataset, validation, steps: 1000, size: 256, storage: await trainingFolder("out/run") });
 *     const { best } = await trainer.run();
 *
 * Afterwards the model has the best weights by validation. A run that was stopped goes on with `resume: true` and the same
 * options, bit for bit on the same adapter. Everything that it made on the GPU is freed when `run` settles; the model stays.
 */
export class Trainer {
  readonly model: TrainerOptions["model"];
  readonly optimizer: Optimizer;
  readonly #settings: Settings;
  readonly #log: RunLog;
  readonly #evaluator: Evaluator;
  readonly #stop = new AbortController();
  readonly #pending: { step: number; learningRate: number; read: Promise<Float32Array> }[] = [];
  readonly #speed: Speed;
  #best: { step: number; score: number; weights: Snapshot } | undefined;
  #sinceBest = 0;
  #validatedAt = 0;
  #checkpointAt = 0;
  #step = 0;
  #started = false;
  #recalibrated: Scores | undefined;

  /** @throws OptionError, DataError for options that do not fit */
  constructor(options: TrainerOptions) {
    const settings = settingsOf(options);
    this.#settings = settings;
    this.model = settings.model;
    const { optimizer } = settings;
    this.optimizer = typeof optimizer === "function" ? optimizer(this.model) : optimizer ?? adamW(this.model.parameters().filter((p) => p.trainable), { learningRate: settings.learningRate ?? defaultRate(settings.steps), ema: settings.ema ?? 0 });
    this.#log = new RunLog(settings.storage, settings.validation?.classes.map(({ name }) => name) ?? []);
    this.#evaluator = new Evaluator(this.model, this.#loss);
    this.#speed = new Speed(settings.batchSize * settings.accumulate);
  }

  /** Updates made so far. */
  get step(): number {
    return this.#step;
  }

  /** Ends training after the step under way, as an aborted signal does. */
  stop(): void {
    this.#stop.abort();
  }

  /**
   * Trains to the end. Called once.
   *
   * @throws TrainingError when the loss or the gradient is not finite, naming the step: weights and checkpoint stay those
   *   from before it. CheckpointError when `resume` finds the checkpoint of another run. What data set and storage throw.
   */
  async run(): Promise<TrainingResult> {
    if (this.#started) throw new TrainingError("A trainer runs once. Make another one to go on training.");
    this.#started = true;
    const begun = performance.now();
    const { signal } = this.#settings;
    const stop = (): void => this.stop();
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    const step = trainingStep(this.model, this.optimizer, this.#loss, this.#settings.auxiliaryWeights, this.#settings.gradientCheckpoints);
    try {
      const reason = await this.#train(step);
      return { steps: this.#step, reason, ...this.#log.history, best: this.#best && { step: this.#best.step, score: this.#best.score }, recalibrated: this.#recalibrated, seconds: (performance.now() - begun) / 1000 };
    } finally {
      signal?.removeEventListener("abort", stop);
      await Promise.allSettled(this.#pending.map(({ read }) => read));
      step.dispose();
      this.#evaluator.dispose();
      if (typeof this.#settings.optimizer !== "object") this.optimizer.dispose();
      // Nothing that runs later needs as much working memory; what does run makes its own again.
      this.model.device.slabs.clear();
    }
  }

  get #loss(): LossFunction {
    const { loss = "crossEntropy" } = this.#settings;
    if (typeof loss === "function") return loss;
    if (loss !== "crossEntropy") throw new OptionError(`Trainer: loss must be "crossEntropy" or a function of logits and mask, not ${JSON.stringify(loss)}.`);
    return crossEntropyLoss;
  }

  async #train(step: ReturnType<typeof trainingStep>): Promise<StopReason> {
    const { steps, seed, dataset, batchSize, accumulate, size, augment, padding, checkpointEvery } = this.#settings;
    trainingMode(this.model);
    this.model.device.random.seed = seed;
    this.model.device.random.step = 0;
    await this.#begin();
    const due = (every: number): boolean => this.#step % every === 0 || this.#step >= steps;
    // A run that was stopped during a validation makes up for it.
    let ended = this.#step > 0 && due(this.#settings.validateEvery) ? await this.#validate() : false;
    if (!ended && this.#step < steps && !this.#stop.signal.aborted) {
      const stream = batches(dataset, { batchSize: batchSize * accumulate, size, inputSize: (length) => this.model.inputSize(length), seed, augment, padding, startStep: this.#step, signal: this.#stop.signal });
      try {
        for await (const batch of stream) {
          await this.#update(step, batch);
          if (due(this.#settings.validateEvery)) ended = await this.#validate();
          if (due(checkpointEvery) || ended) await this.#checkpoint();
          if (ended || this.#step >= steps || this.#stop.signal.aborted) break;
        }
      } catch (error) {
        // Waiting for a batch ends with the signal's reason: that is no failure.
        if (!this.#stop.signal.aborted || error instanceof AtrousError) throw error;
      }
    }
    await this.#drain();
    const reason: StopReason = ended ? "patience" : this.#step >= steps && !this.#missed ? "finished" : "stopped";
    if (this.#step > 0 && this.#checkpointAt !== this.#step) await this.#checkpoint();
    await this.#finish();
    if (reason !== "stopped") await this.#recalibrate();
    await this.#tell({ type: "end", step: this.#step, reason });
    return reason;
  }

  /** Takes up the checkpoint, if it shall and there is one. */
  async #begin(): Promise<void> {
    const { storage, resume, steps } = this.#settings;
    const file = storage && `${storage.name}/${trainingFiles.checkpoint}`;
    const bytes = resume ? await storage!.read(trainingFiles.checkpoint) : undefined;
    if (bytes) {
      const checkpoint = readCheckpoint(bytes, file);
      const { progress } = checkpoint;
      checkCourse(progress.course, this.#course, file!);
      restore(checkpoint, this.model, this.optimizer, file);
      Object.assign(this.model.device.random, progress.random);
      this.#step = this.#checkpointAt = progress.step;
      this.#sinceBest = progress.sinceBest;
      this.#validatedAt = progress.validatedAt;
      if (progress.best && checkpoint.best) this.#best = { ...progress.best, weights: checkpoint.best };
    }
    await this.#log.begin(this.#step);
    await this.#tell({ type: "start", step: this.#step, steps });
  }

  async #update(step: ReturnType<typeof trainingStep>, batch: HostBatch): Promise<void> {
    const { images, masks } = upload(this.model, batch, this.#settings.accumulate);
    try {
      if (!this.#speed.running) {
        const begun = performance.now();
        await step.prepare(images, masks);
        await this.#tell({ type: "compiled", seconds: (performance.now() - begun) / 1000 });
        this.#speed.resume();
      }
      const learningRate = rateAt(this.optimizer.learningRate, this.optimizer.step);
      using result = step(images, masks);
      this.#step++;
      if (this.#step % this.#settings.readEvery === 0 || this.#step >= this.#settings.steps) {
        const read = result.data();
        read.catch(() => undefined);
        this.#pending.push({ step: this.#step, learningRate, read });
      }
    } finally {
      for (const each of [...images, ...masks]) each.dispose();
    }
    while (this.#pending.length > READS_IN_FLIGHT) await this.#settle();
  }

  /** Reports the oldest loss that is on its way. */
  async #settle(): Promise<void> {
    const { step, learningRate, read } = this.#pending.shift()!;
    const [loss, gradientNorm] = (await read) as unknown as [number, number];
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw this.#diverged(step, loss, learningRate);
    this.#speed.step(step);
    const point = { step, loss, learningRate, gradientNorm };
    this.#log.addStep(point);
    await this.#tell({ type: "step", ...point, steps: this.#settings.steps, imagesPerSecond: this.#speed.imagesPerSecond, secondsLeft: this.#speed.secondsFor(this.#settings.steps - step) });
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) await this.#settle();
  }

  #diverged(step: number, loss: number, rate: number): TrainingError {
    const { storage } = this.#settings;
    const what = Number.isFinite(loss) ? "The gradient is not finite" : `The loss is ${loss}`;
    const kept = storage && this.#checkpointAt > 0 ? ` The checkpoint of step ${this.#checkpointAt} (${storage.name}/${trainingFiles.checkpoint}) is untouched.` : "";
    return new TrainingError(`${what} at step ${step} (learning rate ${rate.toPrecision(3)}), so training stopped.${kept} A smaller learning rate, clipNorm in the optimizer, or a look at the images and masks helps.`);
  }

  /** Judges the network and keeps the weights if they are the best. True when patience is over. */
  async #validate(): Promise<boolean> {
    const { validation } = this.#settings;
    if (!validation || this.#validatedAt === this.#step) return this.#outOfPatience;
    await this.#drain();
    this.#speed.pause();
    try {
      return await this.#averaged(() => this.#judge(validation));
    } catch (error) {
      if (!this.#stop.signal.aborted || error instanceof AtrousError) throw error;
      return false;
    } finally {
      this.#speed.resume();
    }
  }

  /** What `use` returns, with averaged weights in the model where the optimizer keeps them. */
  #averaged<T>(use: () => Promise<T>): Promise<T> {
    return this.optimizer.ema > 0 ? this.optimizer.withAverage(use) : use();
  }

  /** `#validate` with the weights that the model has. */
  async #judge(validation: Dataset): Promise<boolean> {
    const { validationSize, patience, score: judge } = this.#settings;
    const step = this.#step;
    const { matrix, loss } = await this.#evaluator.run(validation, {
      size: validationSize,
      batchSize: validationSize ? this.#settings.batchSize : 1,
      signal: this.#stop.signal,
      progress: (done, total) => void this.#tell({ type: "validating", step, done, total }),
    });
    const scores = scoresOf(matrix, { names: validation.classes.map(({ name }) => name) });
    const score = judge(scores);
    const best = !this.#best || score > this.#best.score;
    if (best) this.#best = { step, score, weights: await takeSnapshot(this.model) };
    this.#sinceBest = best ? 0 : this.#sinceBest + 1;
    this.#validatedAt = step;
    const point: ValidationPoint = { step, loss, matrix, scores, score, best };
    this.#log.addValidation(point);
    if (best) await this.#saveWeights();
    await this.#tell({ type: "validation", ...point });
    return patience !== undefined && this.#outOfPatience;
  }

  get #outOfPatience(): boolean {
    const { patience } = this.#settings;
    return patience !== undefined && this.#sinceBest >= patience;
  }

  /** True when the validation after the last step has still to be made. */
  get #missed(): boolean {
    return this.#settings.validation !== undefined && this.#validatedAt !== this.#step;
  }

  async #checkpoint(): Promise<void> {
    const { storage, notes } = this.#settings;
    await this.#drain();
    if (!storage) return;
    this.#speed.pause();
    const { device } = this.model;
    const progress: Progress = {
      step: this.#step, random: { ...device.random }, best: this.#best ? { step: this.#best.step, score: this.#best.score } : null,
      sinceBest: this.#sinceBest, validatedAt: this.#validatedAt, adapter: device.adapter.name, course: this.#course, notes: notes ?? null,
    };
    const [model, { tensors }] = await Promise.all([takeSnapshot(this.model), this.optimizer.state()]);
    await this.#log.flush();
    await storage.write(trainingFiles.checkpoint, writeCheckpoint({ progress, model, optimizer: tensors, best: this.#best?.weights }));
    this.#checkpointAt = this.#step;
    if (!this.#settings.validation) await this.#averaged(() => this.#saveWeights());
    await this.#tell({ type: "checkpoint", step: this.#step });
    this.#speed.resume();
  }

  async #saveWeights(): Promise<void> {
    await this.#settings.storage?.write(trainingFiles.weights, await weightsOf(this.model));
  }

  /** Gives the model its best weights, or the averages of the last ones. */
  async #finish(): Promise<void> {
    await this.#log.flush();
    const averaging = this.optimizer.ema > 0 && this.#step > 0;
    if (this.#best && (averaging || this.#best.step !== this.#step)) applySnapshot(this.model, this.#best.weights);
    else if (averaging) applySnapshot(this.model, await this.#averaged(() => takeSnapshot(this.model)));
    if (this.#settings.validation && !this.#best && this.#step > 0) await this.#saveWeights();
    this.model.eval();
  }

  /** Statistics of batch norms for the weights that the model has now, and a last validation with them. */
  async #recalibrate(): Promise<void> {
    const { recalibrate: extent, dataset, validation, validationSize, batchSize, size, padding, seed, storage } = this.#settings;
    if (extent === undefined) return;
    const signal = this.#stop.signal;
    const before = await takeSnapshot(this.model);
    const stream = deviceBatches(this.model.device, dataset, { batchSize, size, inputSize: (length) => this.model.inputSize(length), padding, seed, epoch: 0, signal });
    try {
      const count = await recalibrate(this.model, first(stream, extent === "epoch" ? Infinity : extent), { signal });
      if (count === 0) return;
      if (validation) {
        const { matrix } = await this.#evaluator.run(validation, { size: validationSize, batchSize: validationSize ? batchSize : 1, signal });
        this.#recalibrated = scoresOf(matrix, { names: validation.classes.map(({ name }) => name) });
      }
      if (storage) await this.#saveWeights();
      await this.#tell({ type: "recalibrated", step: this.#step, batches: count, scores: this.#recalibrated });
    } catch (error) {
      applySnapshot(this.model, before);
      if (!signal.aborted || error instanceof AtrousError) throw error;
    }
  }

  /** What two parts of one run must have in common, so that together they are that run. */
  get #course(): Record<string, unknown> {
    const { batchSize, accumulate, size, augment, padding, auxiliaryWeights, seed, dataset, validateEvery } = this.#settings;
    const { architecture, options } = this.model;
    const { choices, filling } = tuningOf(this.model.device);
    const tuning = Object.keys(choices).length > 0 || filling !== undefined ? { choices, filling } : undefined;
    return { architecture, options, batchSize, accumulate, size: size ?? null, augment: augment ?? null, seed, images: dataset.length, validateEvery, ...(padding && { padding }), ...(auxiliaryWeights && { auxiliaryWeights }), ...(tuning && { tuning }) };
  }

  async #tell(event: TrainingEvent): Promise<void> {
    for (const callback of this.#settings.callbacks) await callback(event, this);
  }
}

/** Learning rate 1e-3 after a warm-up, falling along half a cosine. */
const defaultRate = (steps: number): ReturnType<typeof warmUp> => warmUp(cosine(1e-3, steps, { end: 1e-5 }), Math.max(1, Math.ceil(steps / 20)));

/** Training mode for all but modules whose parameters are frozen, which keep their running statistics. */
function trainingMode(model: Module): void {
  model.train();
  for (const [, module] of model.modules()) {
    const parameters = module.parameters();
    if (parameters.length > 0 && parameters.every((p) => !p.trainable)) module.eval();
  }
}

/** The first `count` batches; those that nobody took are freed. */
async function* first(stream: AsyncIterable<DeviceBatch>, count: number): AsyncGenerator<DeviceBatch, void, undefined> {
  let taken = 0;
  for await (const batch of stream) {
    yield batch;
    if (++taken >= count) return;
  }
}

/** The parts of a batch on the device, one pair for each micro-batch. */
function upload(model: Module, { images, masks, count, height, width }: HostBatch, parts: number): { images: Tensor<"u8">[]; masks: Tensor<"u8">[] } {
  const n = count / parts;
  const pixels = n * height * width;
  const each = Array.from({ length: parts }, (_, i) => i);
  return {
    images: each.map((i) => tensor(model.device, images.subarray(i * pixels * 3, (i + 1) * pixels * 3), [n, height, width, 3])),
    masks: each.map((i) => tensor(model.device, masks.subarray(i * pixels, (i + 1) * pixels), [n, height, width])),
  };
}

function checkCourse(saved: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>, file: string): void {
  const text = (value: unknown): string => JSON.stringify(value) ?? "nothing";
  const short = (value: unknown): string => (text(value).length > 100 ? `${text(value).slice(0, 99)}…` : text(value));
  const differs = Object.keys({ ...now, ...saved }).find((key) => text(saved[key]) !== text(now[key]));
  if (differs) throw new CheckpointError(`${file} belongs to a run with ${differs} ${short(saved[differs])}, and this one has ${short(now[differs])}: it could not go on as if nothing had happened. Give the same options, or begin a new run.`);
}
