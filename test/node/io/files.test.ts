import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataError, FileError } from "../../../src/runtime/errors.js";
import { ensureDir, listImages, naturalOrder, readBytes, writeAtomically } from "../../../src/io/files.js";

const folder = mkdtempSync(join(tmpdir(), "atrous-files-"));
const at = (...parts: string[]): string => join(folder, ...parts);
const program = at("program.mjs");

beforeAll(async () => {
  const source = `import { writeAtomically } from ${JSON.stringify(join(import.meta.dirname, "../../../src/io/files.ts"))};
const [, , path, times] = process.argv;
try {
  for (let i = 0; i < Number(times); i++) await writeAtomically(path, new Uint8Array(1 << 20).fill(i));
  console.log("written");
} catch (error) {
  console.log(error.name + ": " + error.message);
}`;
  await build({ stdin: { contents: source, resolveDir: folder }, bundle: true, platform: "node", format: "esm", outfile: program });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("writeAtomically", () => {
  it("writes and replaces, and leaves nothing else behind", async () => {
    mkdirSync(at("plain"));
    await writeAtomically(at("plain", "a.bin"), Uint8Array.of(1, 2, 3));
    await writeAtomically(at("plain", "a.bin"), "text");
    expect(readFileSync(at("plain", "a.bin"), "utf8")).toBe("text");
    expect(readdirSync(at("plain"))).toEqual(["a.bin"]);
  });

  it("follows symbolic links and keeps them", async () => {
    writeFileSync(at("target"), "old");
    symlinkSync("target", at("link"));
    await writeAtomically(at("link"), "new");
    expect([readlinkSync(at("link")), readFileSync(at("target"), "utf8")]).toEqual(["target", "new"]);
  });

  it("names the path and the reason", async () => {
    mkdirSync(at("folder"));
    writeFileSync(at("file"), "");
    await expect(writeAtomically(at("folder"), "x")).rejects.toThrow(`${at("folder")} could not be written: it is a folder.`);
    await expect(writeAtomically(at("missing", "a"), "x")).rejects.toThrow(`${at("missing", "a")} could not be written: there is no such file or folder.`);
    await expect(writeAtomically(at("file", "a"), "x")).rejects.toThrow("could not be written: a part of the path is a file, not a folder.");
    await expect(writeAtomically(at("missing", "a"), "x")).rejects.toThrow(FileError);
  });

  it.skipIf(!existsSync("/dev/full"))("says that the disk is full", async () => {
    await expect(writeAtomically("/dev/full", new Uint8Array(100))).rejects.toThrow("/dev/full could not be written: the disk is full.");
  });

  it.skipIf(process.platform === "win32")("keeps the old file when a limit on file sizes stops the new one", () => {
    const path = at("limited", "weights");
    mkdirSync(at("limited"));
    writeFileSync(path, "good");
    const said = execFileSync("sh", ["-c", `ulimit -f 100; exec "$0" "$@"`, process.execPath, program, path, "1"], { encoding: "utf8" });
    expect(said.trim()).toBe(`FileError: ${path} could not be written: the file would be larger than the system or its limit on file sizes allows.`);
    expect([readFileSync(path, "utf8"), readdirSync(at("limited"))]).toEqual(["good", ["weights"]]);
  });

  it("keeps the old file on a full disk", async (context) => {
    const disk = at("disk");
    mkdirSync(disk);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], { stdio: "ignore" });
    } catch {
      console.warn("A full disk was not tried: mounting one of 64 KiB needs root.");
      context.skip();
    }
    try {
      writeFileSync(join(disk, "weights"), "good");
      await expect(writeAtomically(join(disk, "weights"), new Uint8Array(1 << 20))).rejects.toThrow(`${join(disk, "weights")} could not be written: the disk is full.`);
      expect([readFileSync(join(disk, "weights"), "utf8"), readdirSync(disk)]).toEqual(["good", ["weights"]]);
      expect(() => execFileSync("mount", ["-o", "remount,ro", disk], { stdio: "ignore" })).not.toThrow();
      await expect(writeAtomically(join(disk, "weights"), "x")).rejects.toThrow("could not be written: the file system is read-only.");
    } finally {
      execFileSync("umount", [disk]);
    }
  });

  it.skipIf(process.platform === "win32")("holds a whole file whenever the process is killed", async () => {
    mkdirSync(at("killed"));
    const path = at("killed", "weights");
    writeFileSync(path, new Uint8Array(1 << 20).fill(255));
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, [program, path, "10000"], { stdio: "ignore" });
      const gone = new Promise((resolve) => child.once("exit", resolve));
      await sleep(60 + 23 * round);
      child.kill("SIGKILL");
      await gone;
      const bytes = readFileSync(path);
      expect(bytes.length).toBe(1 << 20);
      expect(bytes.every((b) => b === bytes[0])).toBe(true);
    }
    // What the killed processes left is hidden and cannot be taken for a checkpoint.
    for (const name of readdirSync(at("killed"))) expect(name === "weights" || /^\.weights\.\d+-\d+\.tmp$/.test(name)).toBe(true);
  });
});

describe("reading files and folders", () => {
  it("reads bytes or says why not", async () => {
    writeFileSync(at("bytes"), Uint8Array.of(4, 5));
    expect(await readBytes(at("bytes"))).toEqual(Uint8Array.of(4, 5));
    await expect(readBytes(at("none"))).rejects.toThrow(`${at("none")} could not be read: there is no such file or folder.`);
    await expect(readBytes(folder)).rejects.toThrow(`${folder} could not be read: it is a folder.`);
  });

  it("lists images as people count, and refuses folders without any", async () => {
    await ensureDir(at("images", "deep"));
    await expect(listImages(at("images", "deep"))).rejects.toThrow(`${at("images", "deep")} holds no images: it is empty.`);
    await expect(listImages(at("images", "deep"))).rejects.toThrow(DataError);
    writeFileSync(at("images", "readme.txt"), "");
    await expect(listImages(at("images"))).rejects.toThrow(`${at("images")} holds no images (.png, .jpg or .jpeg) among its 2 entries.`);
    for (const name of ["img10.png", "img2.JPG", "img1.jpeg", ".hidden.png"]) writeFileSync(at("images", name), "");
    expect(await listImages(at("images"))).toEqual(["img1.jpeg", "img2.JPG", "img10.png"].map((name) => at("images", name)));
    await expect(listImages(at("nowhere"))).rejects.toThrow(`${at("nowhere")} could not be read: there is no such file or folder.`);
    expect(["b", "a10", "A2", "a1"].sort(naturalOrder)).toEqual(["a1", "A2", "a10", "b"]);
  });

  it("makes folders or says why not", async () => {
    writeFileSync(at("occupied"), "");
    await expect(ensureDir(at("occupied", "x"))).rejects.toThrow(`${at("occupied", "x")} could not be made: a part of the path is a file, not a folder.`);
  });
});
