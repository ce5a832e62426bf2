import { parseArgs } from "node:util";
import { nearest, OptionError } from "../runtime/errors.js";

/** One option of a command: how it is written, what it means, and how its text is read. */
export interface Option<T> {
  /** What stands for its value in help texts; undefined for switches, which take none. */
  readonly value?: string | undefined;
  readonly help: string;
  readonly short?: string | undefined;
  /** Reads the text; throws a string that says what is wrong with it ("must be …"). */
  readonly read: (text: string) => T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
/** What was given on the command line; undefined where nothing was. */
export type Given<O extends Options> = { readonly [K in keyof O]?: O[K] extends Option<infer T> ? T | undefined : never };

/** A command of the program. */
export interface Command<O extends Options = Options> {
  readonly name: string;
  readonly summary: string;
  /** The arguments that are no options, as help texts show them: "IMAGE…". */
  readonly operands: string;
  readonly fewest: number;
  readonly most: number;
  readonly options: O;
  /** Paragraphs under the list of options. */
  readonly notes?: readonly string[];
  readonly run: (operands: readonly string[], given: Given<O>) => Promise<void>;
}

export const defineCommand = <O extends Options>(command: Command<O>): Command<O> => command;

export const flag = (help: string): Option<boolean> => ({ help, read: () => true });
export const text = (value: string, help: string, short?: string): Option<string> => ({ value, help, short, read: (given) => given });

export function choice<const C extends string>(choices: readonly C[], help: string): Option<C> {
  return {
    value: choices.join("|"),
    help,
    read: (given) => {
      if (!(choices as readonly string[]).includes(given)) throw `must be ${listed(choices)}, not "${given}"`;
      return given as C;
    },
  };
}

/** One of many names, which the help lists elsewhere. */
export function oneOf(value: string, names: readonly string[], help: string): Option<string> {
  return {
    value,
    help,
    read: (given) => {
      if (!names.includes(given)) throw `must be ${listed(names)}, not "${given}".${suggestion(given, names)}`.replace(/\.$/, "");
      return given;
    },
  };
}

/** An object as JSON. */
export const json = (value: string, help: string): Option<Readonly<Record<string, unknown>>> => ({
  value,
  help,
  read: (given) => {
    try {
      const read: unknown = JSON.parse(given);
      if (typeof read === "object" && read !== null && !Array.isArray(read)) return read as Record<string, unknown>;
    } catch {
      // What is no JSON is no object either.
    }
    throw `must be a JSON object such as {"width": 32}, not ${given}`;
  },
});

interface Range {
  min?: number;
  max?: number;
  whole?: boolean;
}

function readNumber(given: string, { min = -Infinity, max = Infinity, whole = false }: Range): number {
  const number = given.trim() === "" ? NaN : Number(given);
  const range = min > -Infinity && max < Infinity ? ` from ${min} to ${max}` : min > -Infinity ? ` of at least ${min}` : "";
  if (!Number.isFinite(number) || number < min || number > max || (whole && !Number.isSafeInteger(number))) throw `must be a ${whole ? "whole " : ""}number${range}, not "${given}"`;
  return number;
}

export const number = (value: string, help: string, range: Range = {}): Option<number> => ({ value, help, read: (given) => readNumber(given, range) });
export const count = (value: string, help: string, min = 1): Option<number> => number(value, help, { min, whole: true });

/** Whole numbers with commas between them. */
export const counts = (value: string, help: string, min = 1): Option<number[]> => ({ value, help, read: (given) => given.split(",").map((part) => readNumber(part, { min, whole: true })) });

/** "128" or "96x128": height and width. */
export const size = (value: string, help: string): Option<readonly [number, number]> => ({
  value,
  help,
  read: (given) => {
    const sides = given.split(/[x×]/).map((side) => readNumber(side, { min: 1, whole: true }));
    if (sides.length > 2) throw `must be one number, or height and width as 96x128, not "${given}"`;
    return [sides[0]!, sides.at(-1)!];
  },
});

export const listed = (words: readonly string[]): string => (words.length > 1 ? `${words.slice(0, -1).join(", ")} or ${words.at(-1)}` : `${words[0]}`);

/** "validateEvery" → "--validate-every". */
const dashed = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** " Did you mean …?", or nothing. */
export function suggestion(given: string, allowed: readonly string[]): string {
  const guess = nearest(given, allowed);
  return guess ? ` Did you mean ${guess}?` : "";
}

/** Reads a command's arguments. Throws an OptionError that says what is wrong and how to see the help. */
export function readArguments<O extends Options>(command: Command<O>, args: readonly string[]): { help: boolean; operands: string[]; given: Given<O> } {
  const program = `atrous ${command.name}`;
  const byName = new Map(Object.entries(command.options).map(([name, option]) => [dashed(name), { name, option }] as const));
  const fail = (problem: string): never => {
    throw new OptionError(`${program}: ${problem} See ${program} --help.`);
  };
  const config = Object.fromEntries([...byName].map(([name, { option }]) => [name.slice(2), { type: option.value ? "string" : "boolean", ...(option.short ? { short: option.short } : {}) } as const]));
  const { tokens } = parseArgs({ args: [...args], options: { ...config, help: { type: "boolean", short: "h" } }, strict: false, allowPositionals: true, tokens: true });
  const given: Record<string, unknown> = {};
  const operands: string[] = [];
  let help = false;
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const name = `--${token.name}`;
    if (name === "--help") help = true;
    else {
      const known = byName.get(name);
      if (!known) fail(`unknown option ${token.rawName}.${suggestion(token.rawName, [...byName.keys()])}`);
      const { name: field, option } = known!;
      if (option.value && (token.value === undefined || (!token.inlineValue && /^--./.test(token.value)))) fail(`${name} needs a value: ${name} ${option.value}.`);
      if (!option.value && token.value !== undefined) fail(`${name} takes no value.`);
      try {
        given[field] = option.read(token.value ?? "");
      } catch (problem) {
        if (typeof problem !== "string") throw problem;
        fail(`${name} ${problem}.`);
      }
    }
  }
  if (!help && operands.length < command.fewest) fail(`${command.operands.split(" ")[operands.length] ?? command.operands} is missing.`);
  if (!help && operands.length > command.most) fail(`what is "${operands[command.most]}" for? The arguments are: ${command.operands || "none"}.`);
  return { help, operands, given: given as Given<O> };
}

/** The help text of a command. */
export function helpText(command: Command): string {
  const rows = Object.entries(command.options).filter(([, { help }]) => help !== "").map(([name, { value, short, help }]) => [`${short ? `-${short}, ` : ""}${dashed(name)}${value ? ` ${value}` : ""}`, help] as const);
  const all = [...rows, ["-h, --help", "this text"] as const];
  const width = Math.min(30, Math.max(...all.map(([left]) => left.length)));
  const lines = all.flatMap(([left, help]) => {
    const [first, ...more] = wrap(help, 96 - width - 4);
    const indent = " ".repeat(width);
    const start = left.length <= width ? [`  ${left.padEnd(width)}  ${first}`] : [`  ${left}`, `  ${indent}  ${first}`];
    return [...start, ...more.map((part) => `  ${indent}  ${part}`)];
  });
  return [
    `usage: ${`atrous ${command.name} ${command.operands}`.trim()} [options]`,
    "",
    ...wrap(command.summary, 96),
    "",
    "options:",
    ...lines,
    ...(command.notes ?? []).flatMap((note) => ["", ...wrap(note, 96)]),
  ].join("\n");
}

/** Breaks text into lines of at most `width` characters. */
export function wrap(words: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of words.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line += line === "" ? word : ` ${word}`;
    }
    lines.push(line);
  }
  return lines;
}
