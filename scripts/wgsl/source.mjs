// Text of one shader with its includes in place, and where each line came from.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** A mistake in a shader, shown as `file:line: message`. */
export class ShaderFileError extends Error {
  constructor(where, message) {
    super(`${where}: ${message}`);
  }
}

const marks = ["include", "tune", "unroll", "variant"];

function readLines(file) {
  return readFileSync(file, "utf8").split(/\r?\n/).map((text, i) => ({ text, where: `${relative(process.cwd(), file)}:${i + 1}` }));
}

/** Lines of `file` with `//!include "lib/x.wgsl"` replaced by that file; each line as `{ text, where }`. */
export function expandIncludes(file) {
  const seen = new Set();
  return readLines(file).flatMap((line) => {
    checkMark(line);
    const path = includePath(line);
    if (path === undefined) return [line];
    const target = join(dirname(file), path);
    if (!path.startsWith("lib/")) throw new ShaderFileError(line.where, `only files under lib/ can be included, not "${path}"`);
    if (!existsSync(target)) throw new ShaderFileError(line.where, `the included file "${path}" does not exist`);
    if (seen.has(target)) throw new ShaderFileError(line.where, `"${path}" is included twice`);
    seen.add(target);
    const included = readLines(target);
    for (const inner of included) {
      checkMark(inner);
      if (includePath(inner) !== undefined) throw new ShaderFileError(inner.where, "an included file cannot include another (one level only)");
    }
    return included;
  });
}

function includePath({ text, where }) {
  if (!/^\s*\/\/!include\b/.test(text)) return undefined;
  const path = text.match(/^\s*\/\/!include\s+"([^"]+)"\s*$/)?.[1];
  if (!path) throw new ShaderFileError(where, 'an include is written //!include "lib/name.wgsl"');
  return path;
}

function checkMark({ text, where }) {
  const mark = text.match(/\/\/!(\w*)/)?.[1];
  if (mark !== undefined && !marks.includes(mark)) throw new ShaderFileError(where, `unknown mark "//!${mark}"; there are ${marks.map((m) => `//!${m}`).join(", ")}`);
}

/** Replaces every comment by spaces, so that offsets and lines stay as they were. WGSL has no strings, and its block comments nest. */
export function blankComments(code) {
  let out = "";
  for (let i = 0; i < code.length; ) {
    if (code.startsWith("//", i)) {
      const end = code.indexOf("\n", i);
      const stop = end < 0 ? code.length : end;
      out += " ".repeat(stop - i);
      i = stop;
    } else if (code.startsWith("/*", i)) {
      const start = i;
      let depth = 0;
      do {
        const mark = code.slice(i, i + 2);
        if (mark === "/*") depth++;
        if (mark === "*/") depth--;
        i += mark === "/*" || mark === "*/" ? 2 : 1;
      } while (depth > 0 && i < code.length);
      out += code.slice(start, i).replace(/[^\n]/g, " ");
    } else out += code[i++];
  }
  return out;
}

/** Drops comments, indentation and blank lines, and nothing cleverer; `//!tune` and `//!unroll` stay for the specialiser. */
export function stripComments(code) {
  const blank = blankComments(code).split("\n");
  return code.split("\n").map((line, i) => {
    const mark = line.match(/\/\/!(tune|unroll)\b/)?.[0] ?? "";
    return [blank[i].trim(), mark].filter(Boolean).join(" ");
  }).filter(Boolean).join("\n");
}
