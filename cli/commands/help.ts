/** `granary help [COMMAND…]`: help of a command however deep it lies, and of what is no command. */
import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { nearest } from "../../core/suggest.ts";
import type { CliContext } from "../io/context.ts";
import { printEnvironment } from "../help/environment.ts";
import { commandPath } from "../help/suggest.ts";

const ENVIRONMENT_TOPIC = "environment";

const EXAMPLES = `
Examples:
  granary help aggregate
  granary help catalog build
  granary help environment                       the environment variables that granary reads`;

export function addHelp(program: Command, context: CliContext): void {
  program.helpCommand(false);
  program.command("help")
    .description("help for a command, such as catalog build; environment lists environment variables")
    .argument("[command...]", "the command's words, or environment")
    .addHelpText("after", EXAMPLES)
    .action((words) => {
      if (words.length === 1 && words[0] === ENVIRONMENT_TOPIC) return printEnvironment(context);
      find(program, words).outputHelp();
    });
}

function find(command: CommandUnknownOpts, words: readonly string[]): CommandUnknownOpts {
  const [word, ...rest] = words;
  if (word === undefined) return command;
  const below = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
  if (below !== undefined) return find(below, rest);
  const known = command.commands.map((one) => one.name());
  const meant = nearest(word, command.parent === null ? [...known, ENVIRONMENT_TOPIC] : known);
  const name = commandPath(command);
  throw inputError(
    `${name} has no command "${word}"${meant === undefined ? "" : ` (did you mean ${meant}?)`};` +
      ` ${name} --help shows what there is`,
  );
}
