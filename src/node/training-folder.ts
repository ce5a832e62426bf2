import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureDir, fileErrorReason, writeAtomically } from "../io/files.js";
import { FileError } from "../runtime/errors.js";
import type { TrainingStorage } from "../train/storage.js";

/**
 * A folder for a trainer's files, made if it is missing. Files are replaced as a whole: a full disk, a crash or a power
 * cut leaves the old one.
 *
 * @throws FileError when the folder cannot be made; its methods throw FileErrors that name file and reason
 */
export async function trainingFolder(path: string): Promise<TrainingStorage> {
  await ensureDir(path);
  return {
    name: path,
    write: (file, content) => writeAtomically(join(path, file), content),
    async read(file) {
      try {
        return new Uint8Array(await readFile(join(path, file)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw new FileError(`${join(path, file)} could not be read: ${fileErrorReason(error)}.`, { cause: error });
      }
    },
    async append(file, text) {
      try {
        await appendFile(join(path, file), text);
      } catch (error) {
        throw new FileError(`${join(path, file)} could not be written: ${fileErrorReason(error)}.`, { cause: error });
      }
    },
  };
}
