import { afterAll, beforeAll, expect, test } from "vitest";
import { program, type Program } from "../../support/program.js";
import { tier } from "../../support/tier.js";

let leave: Program;
beforeAll(async () => {
  leave = await program("test/node/runtime/exit.ts");
});
afterAll(() => leave.remove());

test.each(["end", "exit", "compiling", "lost"])("a program that destroys its device leaves cleanly with work in flight: %s", async (way) => {
  for (let i = 0; i < (tier() === "full" ? 20 : 1); i++) {
    const { code, signal, stdout, stderr } = await leave.run(way);
    expect({ code, signal }, stderr).toEqual({ code: 0, signal: null });
    if (way === "lost") expect(stdout).toBe("lost\n");
  }
});
