import { constants } from "node:fs";
import type { Stats } from "node:fs";
import { mkdir, open, readFile, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { DataError, FileError } from "../runtime/errors.js";

const reasons: Record<string, string> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be larger than the system or its limit on file sizes allows",
  EACCES: "permission is missing",
  EPERM: "permission is missing",
  EROFS: "the file system is read-only",
  ENOENT: "there is no such file or folder",
  ENOTDIR: "a part of the path is a file, not a folder",
  EISDIR: "it is a folder",
  EEXIST: "there is a file of that name already",
  ELOOP: "its symbolic links go round in a circle",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  EIO: "the disk reported an error",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
};

/** Why the system refused, in words. */
export function fileErrorReason(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return reasons[code ?? ""] ?? message ?? String(error);
}

let writes = 0;

/**
 * Writes a file so that at every moment, and after a crash or a power cut, `path` holds either its old content or all of the
 * new: the bytes go to a hidden file beside it (`.name.<process>-<n>.tmp`), are synced, and take the name by a rename.
 * Symbolic links are followed; devices and pipes are written directly. On failure the hidden file is removed.
 *
 * @throws FileError naming the path and the reason.
 */
export async function writeAtomically(path: string, bytes: Uint8Array | string): Promise<void> {
  let temporary: string | undefined;
  try {
    const there = await statOrUndefined(path);
    if (there && !there.isFile()) {
      if (there.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
      return await writeSynced(path, constants.O_WRONLY, bytes);
    }
    const target = there ? await realpath(path) : path;
    temporary = join(dirname(target), `.${basename(target).slice(0, 200)}.${process.pid}-${++writes}.tmp`);
    await writeSynced(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, bytes, there?.mode);
    await rename(temporary, target);
    temporary = undefined;
    await syncFolder(dirname(target));
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined);
    throw new FileError(`${path} could not be written: ${fileErrorReason(error)}.`, { cause: error });
  }
}

async function writeSynced(path: string, flags: number, bytes: Uint8Array | string, mode = 0o666): Promise<void> {
  const file = await open(path, flags, mode & 0o777);
  try {
    await file.writeFile(bytes);
    await file.sync().catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EINVAL" && error.code !== "ENOTSUP") throw error; // pipes and some devices cannot be synced
    });
  } finally {
    await file.close();
  }
}

/** Makes a rename durable. Some systems cannot open folders; the rename itself has happened by then. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, constants.O_RDONLY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    return;
  }
}

async function statOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The whole file. Throws a `FileError` naming the path and the reason. */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const buffer = await readFile(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (error) {
    throw new FileError(`${path} could not be read: ${fileErrorReason(error)}.`, { cause: error });
  }
}

/** Makes the folder and those above it where they are missing. Throws a `FileError` naming the path and the reason. */
export async function ensureDir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new FileError(`${path} could not be made: ${fileErrorReason(error)}.`, { cause: error });
  }
}

/** Orders names as people count: `img2` before `img10`. */
export const naturalOrder: (a: string, b: string) => number = (() => {
  const { compare } = new Intl.Collator("en", { numeric: true });
  return (a, b) => compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
})();

const imageExtensions: ReadonlySet<string> = new Set([".png", ".jpg", ".jpeg"]);

/**
 * Full paths of the PNG and JPEG files in a folder (not below it; hidden files are passed over), in natural order.
 *
 * @throws FileError when the folder cannot be read. @throws DataError when it holds no image.
 */
export async function listImages(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw new FileError(`${folder} could not be read: ${fileErrorReason(error)}.`, { cause: error });
  }
  const images = names.filter((name) => !name.startsWith(".") && imageExtensions.has(extname(name).toLowerCase()));
  if (images.length === 0)
    throw new DataError(`${folder} holds no images${names.length === 0 ? ": it is empty" : ` (.png, .jpg or .jpeg) among its ${names.length} entries`}.`);
  return images.sort(naturalOrder).map((name) => join(folder, name));
}
