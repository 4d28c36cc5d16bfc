/** Wrong words on the command line: what was found, what was likely meant, where help is. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { nearest } from "../../core/suggest.ts";

/**
 * Commander's message made ours: `unknown flag --catlog for granary aggregate (did you mean
 * --catalog?); granary aggregate --help shows what there is`.
 */
export function usageMessage(command: CommandUnknownOpts, code: string, message: string): string {
  const [first = "", hint = ""] = message.replace(/^error: /, "").split("\n");
  const name = commandPath(command);
  const where = `${name} --help shows what there is`;
  const meant = /^\(Did you mean (.*)\?\)$/.exec(hint)?.[1];
  const wrong = /'([^']*)'/.exec(first)?.[1];
  if (code === "commander.unknownOption" && wrong !== undefined) {
    const suggestion = meant ?? closestFlag(command, wrong);
    const elsewhere = suggestion === undefined ? flagElsewhere(command, wrong) : undefined;
    return `unknown flag ${wrong} for ${name}${suggested(suggestion ?? elsewhere)}; ${where}`;
  }
  if (code === "commander.unknownCommand" && wrong !== undefined) {
    const suggestion = commandElsewhere(command, wrong) ?? meant;
    return `${name} has no command "${wrong}"${suggested(suggestion)}; ${where}`;
  }
  return `${name}: ${first.replace(/\.$/, "")}${suggested(meant)}; ${name} --help shows how`;
}

/** The words that call a command: `granary catalog build`. */
export function commandPath(command: CommandUnknownOpts): string {
  return [root(command).name(), ...commandWords(command)].join(" ");
}

/** The words after the program's name: `catalog`, `build`. */
export function commandWords(command: CommandUnknownOpts): string[] {
  return command.parent === null ? [] : [...commandWords(command.parent), command.name()];
}

/** The command below `program` that `words` call. */
export function commandOf(program: CommandUnknownOpts, words: readonly string[]): CommandUnknownOpts {
  const [word, ...rest] = words;
  const below = program.commands.find((command) => command.name() === word);
  return below === undefined ? program : commandOf(below, rest);
}

/** Every command below `command`, itself included, in order. */
export function allCommands(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

function suggested(what: string | undefined): string {
  return what === undefined ? "" : ` (did you mean ${what}?)`;
}

function root(command: CommandUnknownOpts): CommandUnknownOpts {
  return command.parent === null ? command : root(command.parent);
}

/** A flag that the wrong one begins, or that lies within a third of its letters. */
function closestFlag(command: CommandUnknownOpts, wrong: string): string | undefined {
  const flags = command.options.flatMap((option) => option.long ?? []);
  const beginning = flags.filter((flag) => flag.startsWith(wrong) || wrong.startsWith(flag));
  if (beginning.length === 1) return beginning[0];
  return nearest(wrong, flags);
}

function flagElsewhere(command: CommandUnknownOpts, wrong: string): string | undefined {
  const owners = allCommands(root(command)).filter((other) =>
    other.options.some((option) => option.long === wrong)
  );
  return owners.length === 0 ? undefined : `${commandPath(owners[0])} ${wrong}`;
}

/** A command of that name under another one (`build` is `catalog build`), or one of nearly that name. */
function commandElsewhere(command: CommandUnknownOpts, wrong: string): string | undefined {
  const others = allCommands(root(command)).filter((other) => other.parent !== null);
  const named = others.filter((other) => other.name() === wrong);
  if (named.length > 0) return named.map(commandPath).join(" or ");
  const here = nearest(wrong, command.commands.map((other) => other.name()));
  if (here !== undefined) return here;
  const near = nearest(wrong, others.map((other) => other.name()));
  return near === undefined ? undefined : commandPath(others.find((other) => other.name() === near)!);
}
