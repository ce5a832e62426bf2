import { expect, test } from "vitest";
import { choice, count, counts, defineCommand, flag, helpText, number, readArguments, size, text } from "../../../src/cli/args.js";
import { bar, duration, openTerminal, table } from "../../../src/cli/terminal.js";

const command = defineCommand({
  name: "paint",
  summary: "Paints things. At length.",
  operands: "WALL COLOUR",
  fewest: 1,
  most: 2,
  options: {
    out: text("DIR", "where it goes", "o"),
    coats: count("N", "layers"),
    mixRatio: number("X", "part of white", { min: 0, max: 1 }),
    brush: choice(["flat", "round"], "kind of brush"),
    widths: counts("N,…", "several"),
    size: size("N|HxW", "height and width"),
    dry: flag("only pretend"),
  },
  run: async () => undefined,
});
const read = (...args: string[]): ReturnType<typeof readArguments<typeof command.options>> => readArguments(command, args);

test("options are read by their kinds", () => {
  expect(read("wall", "-o", "x", "--coats=3", "--mix-ratio", "0.5", "--brush", "flat", "--widths", "1,2", "--size", "4x8", "--dry", "red")).toEqual({
    help: false, operands: ["wall", "red"], given: { out: "x", coats: 3, mixRatio: 0.5, brush: "flat", widths: [1, 2], size: [4, 8], dry: true },
  });
  expect(read("wall", "--size", "5").given.size).toEqual([5, 5]);
  expect(read("--help").help).toBe(true);
});

test.each([
  [["wall", "--coat", "1"], "unknown option --coat. Did you mean --coats?"],
  [["wall", "--zzzzzz"], "unknown option --zzzzzz."],
  [["wall", "-x"], "unknown option -x."],
  [["wall", "--coats"], "--coats needs a value: --coats N."],
  [["wall", "--out", "--dry"], "--out needs a value: --out DIR."],
  [["wall", "--coats", "0"], '--coats must be a whole number of at least 1, not "0".'],
  [["wall", "--coats", "1.5"], '--coats must be a whole number of at least 1, not "1.5".'],
  [["wall", "--mix-ratio", "2"], '--mix-ratio must be a number from 0 to 1, not "2".'],
  [["wall", "--brush", "big"], '--brush must be flat or round, not "big".'],
  [["wall", "--size", "1x2x3"], '--size must be one number, or height and width as 96x128, not "1x2x3".'],
  [["wall", "--dry=yes"], "--dry takes no value."],
  [[], "WALL is missing."],
  [["a", "b", "c"], 'what is "c" for? The arguments are: WALL COLOUR.'],
])("%j is refused", (args, problem) => {
  expect(() => read(...args)).toThrow(`atrous paint: ${problem} See atrous paint --help.`);
});

test("the help text lists every option and fits a terminal", () => {
  const help = helpText(command);
  for (const name of ["-o, --out DIR", "--coats N", "--mix-ratio X", "--brush flat|round", "--size N|HxW", "--dry", "-h, --help"]) expect(help).toContain(name);
  expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
});

test("a terminal gets a line that is overwritten, a pipe gets milestones", () => {
  const written = { terminal: "", pipe: "" };
  const terminal = openTerminal({ stdout: { isTTY: true, columns: 40, write: (part) => (written.terminal += part) } });
  const pipe = openTerminal({ stdout: { write: (part) => (written.pipe += part) } });
  for (const out of [terminal, pipe]) {
    out.progress("1/2");
    out.progress("2/2", true);
    out.line("done");
  }
  expect(written.terminal).toBe("1/2\r\u001b[2K2/2\r\u001b[2Kdone\n");
  expect(written.pipe).toBe("2/2\ndone\n");
});

test("numbers are shown as people read them", () => {
  expect([0, 59.6, 61, 3725].map(duration)).toEqual(["0:00", "1:00", "1:01", "1:02:05"]);
  expect([bar(0, 4), bar(0.5, 4), bar(2, 4)]).toEqual(["····", "▇▇··", "▇▇▇▇"]);
  expect(table([["a", "b"], ["long", "22"]])).toEqual(["a      b", "long  22"]);
});
