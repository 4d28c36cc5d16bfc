/** `granary completions bash|zsh|fish`: a script that the shell sources, made from the command tree. */
import { Argument, type Command } from "@commander-js/extra-typings";
import { bashScript, completionTree, fishScript, zshScript } from "../help/completion_scripts.ts";
import type { CliContext } from "../io/context.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

const EXAMPLES = `
Examples:
  source <(granary completions bash)                                       # this shell
  granary completions bash > ~/.local/share/bash-completion/completions/granary
  granary completions zsh > ~/.zfunc/_granary                              # a folder of $fpath
  granary completions fish > ~/.config/fish/completions/granary.fish`;

export function addCompletions(program: Command, context: CliContext): void {
  program.command("completions")
    .description("print a completion script for a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish"] as const))
    .addHelpText("after", EXAMPLES)
    .action((shell) => context.out.write(SCRIPTS[shell](completionTree(program))));
}
