/** Where a command's words go. */
export interface Terminal {
  /** A line for people. */
  line(text?: string): void;
  /** Where things stand: a line that is overwritten on a terminal; elsewhere every `milestone` is a line of its own. */
  progress(text: string, milestone?: boolean): void;
  /** Machine-readable output. */
  json(value: unknown): void;
  /** A problem that does not end the program. */
  warn(text: string): void;
  /** Takes a progress line away. */
  clear(): void;
}

interface Stream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/**
 * Words for people go to standard output, or to standard error when `json` asks that standard output hold nothing but JSON.
 */
export function openTerminal({ json = false, stdout = process.stdout, stderr = process.stderr }: { json?: boolean | undefined; stdout?: Stream; stderr?: Stream } = {}): Terminal {
  const people = json ? stderr : stdout;
  let shown = false;
  const clear = (): void => {
    if (shown) people.write("\r\u001b[2K");
    shown = false;
  };
  return {
    clear,
    line(text = "") {
      clear();
      people.write(`${text}\n`);
    },
    progress(text, milestone = false) {
      if (people.isTTY) {
        clear();
        people.write(text.slice(0, Math.max(20, (people.columns ?? 80) - 1)));
        shown = true;
      } else if (milestone) people.write(`${text}\n`);
    },
    json(value) {
      clear();
      stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    warn(text) {
      clear();
      stderr.write(`${text}\n`);
    },
  };
}

/** "▇▇▇▇▇···············" */
export function bar(part: number, width = 20): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * width);
  return "▇".repeat(full) + "·".repeat(width - full);
}

/** 75 → "1:15", 4000 → "1:06:40". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Columns lined up, the first to the left and the others to the right. The first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]?.length ?? 0)));
  return rows.map((row) => row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join("  ").trimEnd());
}

/** "1 image", "2 images". */
export const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
