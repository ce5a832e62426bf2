#!/usr/bin/env node
import { AtrousError, OptionError } from "../runtime/errors.js";
import { helpText, readArguments, suggestion, type Command } from "./args.js";
import { evaluateCommand } from "./evaluate.js";
import { explainCommand } from "./explain.js";
import { infoCommand } from "./info.js";
import { quickstartCommand } from "./quickstart.js";
import { segmentCommand } from "./segment.js";
import { trainCommand } from "./train.js";

const commands = [trainCommand, segmentCommand, evaluateCommand, explainCommand, infoCommand, quickstartCommand] as unknown as readonly Command[];

const overview = (): string => [
  "usage: atrous COMMAND …",
  "",
  "Semantic segmentation on the GPU, through WebGPU.",
  "",
  "commands:",
  ...commands.map(({ name, summary }) => `  ${name.padEnd(12)}${summary.split(". ")[0]!.replace(/\.$/, "")}`),
  "",
  "atrous COMMAND --help tells more. ATROUS_ADAPTER=gpu|lavapipe|swiftshader chooses the adapter; ATROUS_DEBUG=1 shows",
  "where errors come from.",
].join("\n");

async function main([name, ...rest]: readonly string[]): Promise<void> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(`${overview()}\n`);
    if (name === undefined) process.exitCode = 1;
    return;
  }
  const command = commands.find((each) => each.name === name);
  if (!command) throw new OptionError(`atrous: there is no command "${name}".${suggestion(name, commands.map((each) => each.name))} See atrous --help.`);
  const { help, operands, given } = readArguments(command, rest);
  if (help) process.stdout.write(`${helpText(command)}\n`);
  else await command.run(operands, given);
}

// A reader that has had enough (`atrous info | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = 1;
  const expected = error instanceof AtrousError;
  if (process.env["ATROUS_DEBUG"]) console.error(error);
  else console.error(expected ? error.message : `Something unexpected happened: ${error instanceof Error ? error.message : String(error)} (ATROUS_DEBUG=1 shows where.)`);
}
