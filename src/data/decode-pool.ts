import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { DataError } from "../runtime/errors.js";
import type { Sample } from "./dataset.js";
import { decodeSample, receiveError, type DecodeJob, type SentError } from "./decode-sample.js";

interface Waiting {
  resolve(sample: Sample): void;
  reject(error: Error): void;
}

interface Answer {
  id: number;
  sample?: Sample;
  error?: SentError;
}

/** The built worker: it lies beside the package's chunks. Running from TypeScript sources there is none. */
function builtWorker(): URL | undefined {
  return ["./decode.worker.js", "../decode.worker.js"].map((path) => new URL(path, import.meta.url)).find((url) => url.protocol === "file:" && existsSync(fileURLToPath(url)));
}

/** A thread that could not start, or died: says nothing about the job. */
class LaneFailure extends Error {}

/** One thread and the jobs it was given. It keeps the process alive only while somebody waits for a job. */
class Lane {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  failed = false;

  constructor(url: URL) {
    this.#worker = new Worker(url);
    this.#worker.unref();
    this.#worker.on("message", ({ id, sample, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#worker.unref();
      if (sample) waiting?.resolve(sample);
      else waiting?.reject(receiveError(error ?? { type: "DataError", message: "The decoding thread sent an empty answer." }));
    });
    this.#worker.on("error", (error: unknown) => this.#fail(error instanceof Error ? error.message : String(error)));
    this.#worker.on("exit", () => this.#fail("it ended"));
  }

  get load(): number {
    return this.#waiting.size;
  }

  run(job: DecodeJob): Promise<Sample> {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, job });
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(why: string): void {
    this.failed = true;
    for (const { reject } of this.#waiting.values()) reject(new LaneFailure(why));
    this.#waiting.clear();
  }
}

/**
 * Decodes files on threads of its own; without threads (0 of them, or none that can be started or kept) in this one.
 * Jobs may finish in any order; each promise is its own job's.
 */
export class DecodePool {
  readonly #lanes: Lane[] = [];
  readonly #size: number;
  readonly #url: URL | undefined;
  #closed = false;

  /** @param workers threads; default one or two, leaving a core to the caller @param url the worker's script */
  constructor(workers?: number, url?: URL) {
    this.#url = url ?? builtWorker();
    this.#size = this.#url ? (workers ?? Math.min(2, Math.max(1, availableParallelism() - 1))) : 0;
  }

  /** Threads that were started. They start with the first jobs. */
  get threads(): number {
    return this.#lanes.length;
  }

  async run(job: DecodeJob): Promise<Sample> {
    try {
      if (!this.#closed) return await (this.#lane()?.run(job) ?? decodeSample(job));
    } catch (error) {
      if (!(error instanceof LaneFailure)) throw error;
      if (!this.#closed) return decodeSample(job);
    }
    throw new DataError("This data set was closed.");
  }

  /** Ends the threads. Jobs under way are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#lanes.splice(0).map((lane) => lane.close()));
  }

  /** The thread with the least to do. */
  #lane(): Lane | undefined {
    // Where one thread failed, another would too: from then on, this thread does the work.
    if (this.#lanes.some((lane) => lane.failed)) return undefined;
    const idle = this.#lanes.find((lane) => lane.load === 0);
    if (idle) return idle;
    if (this.#url && this.#lanes.length < this.#size) this.#lanes.push(new Lane(this.#url));
    return this.#lanes.reduce<Lane | undefined>((least, lane) => (least && least.load <= lane.load ? least : lane), undefined);
  }
}
