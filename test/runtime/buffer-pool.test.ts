import { describe, expect, test } from "vitest";
import { BufferPool } from "../../src/runtime/buffer-pool.js";

/** A pool over a device of plain objects. */
function make(limit = 2 ** 31) {
  const made: number[] = [];
  const destroyed: number[] = [];
  const filled: number[] = [];
  const pool = new BufferPool({
    limits: { maxBufferSize: limit, maxStorageBufferBindingSize: limit },
    create: ({ size }) => {
      made.push(size);
      return { size } as GPUBuffer;
    },
    fill: ({ size }) => void filled.push(size),
    destroy: ({ size }) => void destroyed.push(size),
  });
  return { pool, made, destroyed, filled };
}

describe("BufferPool", () => {
  test("reuses buffers of nearly the same size, in whole steps of 256 bytes", () => {
    const { pool, made } = make();
    const a = pool.acquire(1000, "a");
    expect(a.size).toBe(1024);
    pool.release(a);
    expect(pool.acquire(800, "b")).toBe(a);
    expect(pool.acquire(1_000_000, "c").size).toBeLessThan(1_130_000);
    for (const bytes of [1, 255, 256, 257, 5000, 123_457, 2 ** 20, 2 ** 20 + 1]) {
      const { size } = pool.acquire(bytes, "x");
      expect(size % 256).toBe(0);
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size).toBeLessThanOrEqual(Math.max(256, 1.15 * bytes + 256));
    }
    expect(made.length).toBe(10);
  });

  test("counts live and pooled bytes and their peak", () => {
    const { pool } = make();
    const [a, b] = [pool.acquire(1024, "a"), pool.acquire(2048, "b")];
    expect([pool.live, pool.pooled, pool.peak]).toEqual([3072, 0, 3072]);
    pool.release(a);
    expect([pool.live, pool.pooled, pool.peak]).toEqual([2048, 1024, 3072]);
    pool.acquire(4096, "c");
    expect([pool.live, pool.pooled, pool.peak]).toEqual([6144, 1024, 7168]);
    pool.release(b);
    pool.trim();
    expect([pool.live, pool.pooled]).toEqual([4096, 0]);
  });

  test("allows a buffer exactly as large as the adapter does, and no larger", () => {
    const limit = 1_000_000; // not one of the rounded sizes
    const { pool } = make(limit);
    expect(pool.acquire(limit, "largest").size).toBe(limit);
    expect(pool.acquire(limit - 1000, "nearly").size).toBeLessThanOrEqual(limit);
    expect(() => pool.acquire(limit + 4, "logits")).toThrow("logits: needs 0.954 MiB, more than this adapter allows in one buffer (0.954 MiB). Use a smaller batch or image.");
    expect(pool.live).toBe(limit + pool.acquire(limit - 1000, "again").size);
  });

  test("keeps at most 512 MiB, and lets the sizes go that were not used for longest", () => {
    const { pool, destroyed } = make();
    const old = Array.from({ length: 4 }, () => pool.acquire(100 * 2 ** 20, "old"));
    const recent = Array.from({ length: 4 }, () => pool.acquire(60 * 2 ** 20, "recent"));
    for (const buffer of [...old, ...recent]) pool.release(buffer);
    expect(pool.pooled).toBeLessThanOrEqual(512 * 2 ** 20);
    expect(destroyed.filter((size) => size > 90 * 2 ** 20).length).toBeGreaterThan(destroyed.filter((size) => size < 90 * 2 ** 20).length);
  });

  test("fills released buffers when it is told to, and never hands out one that failed", () => {
    const { pool, filled, destroyed } = make();
    pool.poison = true;
    const [a, b, c] = [pool.acquire(512, "a"), pool.acquire(512, "b"), pool.acquire(256, "c")];
    pool.release(a);
    pool.release(c);
    expect(filled).toEqual([512, 256]);
    pool.discard(a); // known to be bad after it was given back
    pool.discard(b); // or before
    pool.release(b);
    expect(pool.pooled).toBe(0);
    expect(destroyed).toEqual([256]); // room for others
    expect(pool.acquire(512, "d")).not.toBe(a);
    expect(pool.live).toBe(512);
  });
});
