import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DecodePool } from "../../../src/data/decode-pool.js";
import { encodePng } from "../../../src/io/png-encode.js";

let root: string;
let worker: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "atrous-pool-"));
  await build({
    entryPoints: { "decode.worker": "src/data/decode.worker.ts", pool: "src/data/decode-pool.ts" },
    bundle: true, platform: "node", format: "esm", external: ["sharp"], outdir: root, outExtension: { ".js": ".mjs" }, logLevel: "warning",
  });
  worker = join(root, "decode.worker.mjs");
  for (let i = 0; i < 12; i++) {
    await writeFile(join(root, `${i}.png`), encodePng({ width: 40 - i, height: 30, channels: 3, data: new Uint8Array((40 - i) * 90).fill(i) }));
    await writeFile(join(root, `${i}-mask.png`), encodePng({ width: 40 - i, height: 30, channels: 1, data: new Uint8Array((40 - i) * 30) }));
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

const job = (i: number) => ({ name: `${i}`, image: join(root, `${i}.png`), mask: join(root, `${i}-mask.png`), values: new Map([[0, 1]]), classes: 2 });

it("gives each job its own result, on at most as many threads as asked for", async () => {
  const pool = new DecodePool(2, new URL(`file://${worker}`));
  const samples = await Promise.all(Array.from({ length: 12 }, (_, i) => pool.run(job(i))));
  expect(samples.map(({ name, width, image }) => [name, width, image[0]])).toEqual(Array.from({ length: 12 }, (_, i) => [`${i}`, 40 - i, i]));
  expect(samples.every(({ mask }) => mask!.every((label) => label === 1))).toBe(true);
  expect(pool.threads).toBe(2);
  await pool.close();
});

it("refuses waiting jobs when it is closed", async () => {
  const pool = new DecodePool(1, new URL(`file://${worker}`));
  const waiting = expect(pool.run(job(0))).rejects.toThrow("This data set was closed.");
  await pool.close();
  await waiting;
});

it("decodes in the calling thread when no thread can be had", async () => {
  const pool = new DecodePool(2, new URL(`file://${join(root, "missing.mjs")}`));
  expect((await Promise.all([0, 1, 2].map((i) => pool.run(job(i))))).map(({ width }) => width)).toEqual([40, 39, 38]);
  expect((await pool.run(job(3))).width).toBe(37);
  expect((await new DecodePool(0).run(job(4))).width).toBe(36);
});

it("never keeps a process alive, and never lets it end before an awaited job", async () => {
  const script = join(root, "script.mjs");
  await writeFile(
    script,
    `import { DecodePool } from "./pool.mjs";
     const pool = new DecodePool(2, new URL("./decode.worker.mjs", import.meta.url));
     const job = { name: "x", image: ${JSON.stringify(join(root, "1.png"))}, mask: ${JSON.stringify(join(root, "1-mask.png"))}, values: new Map([[0, 0]]), classes: 1 };
     console.log((await pool.run(job)).width, (await pool.run(job)).height);`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 20_000 });
  expect(stdout.trim()).toBe("39 30");
});
