/** The thread that decodes: takes `{ id, job }`, answers `{ id, sample }` or `{ id, error }`. Started by `DecodePool`. */
import { parentPort } from "node:worker_threads";
import { decodeSample, sendError, type DecodeJob } from "./decode-sample.js";

parentPort?.on("message", ({ id, job }: { id: number; job: DecodeJob }) => {
  decodeSample(job).then(
    (sample) => {
      const buffers = [sample.image.buffer, ...(sample.mask ? [sample.mask.buffer] : [])] as ArrayBuffer[];
      parentPort?.postMessage({ id, sample }, buffers);
    },
    (error: unknown) => parentPort?.postMessage({ id, error: sendError(error) }),
  );
});
