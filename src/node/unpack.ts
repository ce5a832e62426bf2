import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { FileError } from "../runtime/errors.js";

interface TarEntry {
  name: string;
  type: "file" | "folder" | "link";
  mode: number;
  target: string;
  data: Uint8Array;
}

/** Entries of a POSIX tar archive. Only what the archives of `@sparticuz/chromium` use: files, folders and symbolic links. */
function* tarEntries(tar: Uint8Array): Generator<TarEntry> {
  const text = (from: number, length: number) => {
    const bytes = tar.subarray(from, from + length);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end)).trim();
  };
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const prefix = text(at + 257, 5) === "ustar" ? text(at + 345, 155) : "";
    const size = parseInt(text(at + 124, 12), 8) || 0;
    const flag = String.fromCharCode(tar[at + 156] ?? 0);
    const type = flag === "5" ? "folder" : flag === "2" ? "link" : flag === "0" || flag === "\0" ? "file" : undefined;
    if (type)
      yield {
        name: normalize(prefix ? `${prefix}/${text(at, 100)}` : text(at, 100)),
        type,
        mode: parseInt(text(at + 100, 8), 8) & 0o777,
        target: text(at + 157, 100),
        data: tar.subarray(at + 512, at + 512 + size),
      };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

function untar(tar: Uint8Array, folder: string): void {
  for (const { name, type, mode, target, data } of tarEntries(tar)) {
    if (name.startsWith("..") || name.startsWith("/")) throw new FileError(`The archive holds "${name}", which lies outside of it.`);
    const path = join(folder, name);
    mkdirSync(type === "folder" ? path : dirname(path), { recursive: true });
    if (type === "file") writeFileSync(path, data, { mode: mode | 0o600 });
    if (type === "link") symlinkSync(target, path);
  }
}

/**
 * Unpacks brotli archives (`x.tar.br`, or `x.br` for a single executable file) into `folder`, unless that exists.
 * It is written beside and renamed, so that processes which start together do not see half of it.
 */
export function unpackOnce(archives: readonly string[], folder: string): string {
  if (existsSync(folder)) return folder;
  const beside = `${folder}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  mkdirSync(beside, { recursive: true });
  try {
    for (const archive of archives) {
      const data = brotliDecompressSync(readFileSync(archive));
      const name = archive.replace(/^.*[\\/]/, "").replace(/\.br$/, "");
      if (name.endsWith(".tar")) untar(data, beside);
      else writeFileSync(join(beside, name), data, { mode: 0o755 });
    }
    renameSync(beside, folder);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // else another process was first
  }
  return folder;
}
