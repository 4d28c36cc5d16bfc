/** Examples in help texts: every command shows some, its own or those of its neighbours in the tree. */
import type { EventEmitter } from "node:events";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { allCommands, commandPath } from "./suggest.ts";

/**
 * A command without examples shows those lines of the one above it that call it; a group without
 * examples shows the first that calls each of its commands.
 */
export function borrowExamples(program: CommandUnknownOpts): void {
  const own = new Map(allCommands(program).map((command) => [command, exampleLines(command)]));
  for (const [command, lines] of own) {
    if (lines.length > 0 || command.parent === null) continue;
    const borrowed = command.commands.length > 0
      ? command.commands.flatMap((child) => ownExample(child, own.get(child)!))
      : (own.get(command.parent) ?? []).filter((line) => calls(line, command));
    if (borrowed.length > 0) command.addHelpText("after", `\nExamples:\n${borrowed.join("\n")}`);
  }
}

/** The first line that calls a command; examples may show its neighbours first. */
function ownExample(command: CommandUnknownOpts, lines: readonly string[]): readonly string[] {
  return lines.filter((line) => calls(line, command)).slice(0, 1);
}

/** The lines of a command's own help text that call the program. */
function exampleLines(command: CommandUnknownOpts): string[] {
  let text = "";
  // Commander keeps added help as listeners that write it.
  for (const tell of (command as unknown as EventEmitter).listeners("afterHelp")) {
    tell.call(command, { error: false, command, write: (part: string) => text += part });
  }
  return text.split("\n").filter((line) => /^\s+granary /.test(line));
}

function calls(line: string, command: CommandUnknownOpts): boolean {
  return `${line.trim()} `.startsWith(`${commandPath(command)} `);
}
