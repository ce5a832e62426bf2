import { describe, expect, test } from "vitest";
import { WorkQueue } from "../../src/runtime/work-queue.js";

describe("WorkQueue", () => {
  test("runs at once when nothing waits, and in order behind what waits", async () => {
    const queue = new WorkQueue(() => undefined);
    const log: string[] = [];
    queue.run(() => log.push("a"));
    expect(log).toEqual(["a"]);
    let open!: () => void;
    queue.wait(new Promise<void>((resolve) => (open = resolve)));
    queue.run(() => log.push("b"));
    queue.wait(Promise.reject(new Error("somebody else's to report")));
    queue.run(() => {
      log.push("c");
      queue.run(() => log.push("e"));
    });
    queue.run(() => log.push("d"));
    expect(queue.idle).toBe(false);
    expect(log).toEqual(["a"]);
    open();
    await new Promise<void>((resolve) => queue.run(resolve));
    expect(log).toEqual(["a", "b", "c", "d", "e"]);
    expect(queue.idle).toBe(true);
  });

  test("a task that throws late is reported and holds nobody up; one that throws at once throws to its caller", async () => {
    const failed: unknown[] = [];
    const queue = new WorkQueue((error) => failed.push(error));
    expect(() => queue.run(() => { throw new Error("now"); })).toThrow("now");
    queue.wait(Promise.resolve());
    queue.run(() => { throw new Error("later"); });
    await new Promise<void>((resolve) => queue.run(resolve));
    expect(failed).toEqual([new Error("later")]);
  });

  test("retry keeps a task's place", async () => {
    const queue = new WorkQueue(() => undefined);
    const log: string[] = [];
    let tries = 0;
    const task = (): void => {
      if (tries++ < 2) return queue.retry(Promise.resolve(), task);
      log.push("first");
    };
    queue.run(task);
    queue.run(() => log.push("second"));
    await new Promise<void>((resolve) => queue.run(resolve));
    expect(log).toEqual(["first", "second"]);
  });
});
