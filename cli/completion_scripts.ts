/**
 * Completion scripts. All three work alike: the words typed so far name a command of the tree, whose
 * subcommands, choices and flags are offered; where it has none of these, files are.
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";

/** A command as a completion sees it. */
interface CompletionNode {
  /** Words after the program's name, joined by a space; empty for the program. */
  path: string;
  commands: { name: string; description: string }[];
  flags: { name: string; description: string; takesValue: boolean; choices: string[] }[];
  /** Of the first argument, where it has any. */
  choices: string[];
}

export function completionTree(command: CommandUnknownOpts, path = ""): CompletionNode[] {
  const visibleCommands = command.createHelp().visibleCommands(command);
  const node: CompletionNode = {
    path,
    commands: visibleCommands.map((child) => ({
      name: child.name(),
      description: firstSentence(child.description()),
    })),
    flags: command.createHelp().visibleOptions(command).flatMap((option) =>
      option.long == null ? [] : [{
        name: option.long,
        description: firstSentence(option.description),
        takesValue: option.required || option.optional,
        choices: [...(option.argChoices ?? [])],
      }]
    ),
    choices: [...(command.registeredArguments[0]?.argChoices ?? [])],
  };
  const children = command.commands.flatMap((child) =>
    completionTree(child, path === "" ? child.name() : `${path} ${child.name()}`)
  );
  return [node, ...children];
}

/** Sourced by bash 4 or later. */
export function bashScript(tree: readonly CompletionNode[]): string {
  const cases = tree.map((node) =>
    `    ${quote(node.path)}) words=${quote(wordsOf(node).join(" "))}; flags=${
      quote(node.flags.map((flag) => flag.name).join(" "))
    } ;;`
  );
  const values = choiceCases(tree).map(([key, choices]) => `    ${quote(key)}) words=${quote(choices)} ;;`);
  return `# bash completion of granary
_granary() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local at="" word i words="" flags=""
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "\${at:+$at }$word" in
${commandPattern(tree)}) at="\${at:+$at }$word" ;;
    esac
  done
  COMPREPLY=()
  case "$at $previous" in
${values.join("\n") || "    *) ;;"}
  esac
  if [[ -n "$words" ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  case "$at" in
${cases.join("\n")}
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [[ -n "$words" ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _granary granary
`;
}

/** Sourced, or put in a folder of $fpath as \`_granary\`. */
export function zshScript(tree: readonly CompletionNode[]): string {
  const cases = tree.map((node) => {
    const items = node.commands.length > 0
      ? node.commands.map((child) => described(child.name, child.description))
      : node.choices.map((choice) => described(choice, ""));
    const flags = node.flags.map((flag) => described(flag.name, flag.description));
    return `    ${quote(node.path)}) items=(${items.join(" ")}); flags=(${flags.join(" ")}) ;;`;
  });
  const values = choiceCases(tree).map(([key, choices]) =>
    `    ${quote(key)}) items=(${choices.split(" ").map((choice) => described(choice, "")).join(" ")}) ;;`
  );
  return `#compdef granary
_granary() {
  local at="" word i
  local -a items flags
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    case "\${at:+$at }$word" in
${commandPattern(tree)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${values.join("\n") || "    *) ;;"}
  esac
  if (( \${#items} )); then
    _describe 'value' items
    return
  fi
  case "$at" in
${cases.join("\n")}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    _describe 'flag' flags
  elif (( \${#items} )); then
    _describe 'command' items
  else
    _files
  fi
}
if [[ "\${funcstack[1]:-}" == _granary ]]; then
  _granary "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
  compdef _granary granary
fi
`;
}

/** Put in fish's folder of completions, or sourced. */
export function fishScript(tree: readonly CompletionNode[]): string {
  const lines = [
    "# fish completion of granary",
    "function __granary_at",
    "  set -l at",
    "  for word in (commandline -opc)[2..-1]",
    "    set -l next (string join ' ' $at $word)",
    "    switch $next",
    ...tree.filter((node) => node.path !== "").map((node) =>
      `      case ${quote(node.path)}\n        set at ${node.path}`
    ),
    "    end",
    "  end",
    '  test "$at" = "$argv"',
    "end",
  ];
  for (const node of tree) {
    const here = `-n ${quote(`__granary_at ${node.path}`.trim())}`;
    for (const child of node.commands) {
      lines.push(`complete -c granary -f ${here} -a ${child.name} -d ${quote(child.description)}`);
    }
    if (node.choices.length > 0) {
      lines.push(`complete -c granary -f ${here} -a ${quote(node.choices.join(" "))}`);
    }
    for (const flag of node.flags) {
      const value = flag.choices.length > 0
        ? ` -x -a ${quote(flag.choices.join(" "))}`
        : flag.takesValue
        ? " -r"
        : "";
      const name = flag.name.slice(2);
      lines.push(`complete -c granary ${here} -l ${name}${value} -d ${quote(flag.description)}`);
    }
  }
  return lines.join("\n") + "\n";
}

function wordsOf(node: CompletionNode): string[] {
  return node.commands.length > 0 ? node.commands.map((child) => child.name) : node.choices;
}

/** `["sql --format", "table csv json"]` for every flag with fixed values. */
function choiceCases(tree: readonly CompletionNode[]): [string, string][] {
  return tree.flatMap((node) =>
    node.flags.filter((flag) => flag.choices.length > 0)
      .map((flag): [string, string] => [`${node.path} ${flag.name}`, flag.choices.join(" ")])
  );
}

function commandPattern(tree: readonly CompletionNode[]): string {
  const paths = tree.filter((node) => node.path !== "").map((node) => quote(node.path));
  return `      ${paths.join("|")}`;
}

/** `'name:description'` as zsh's _describe takes it. */
function described(name: string, description: string): string {
  const escaped = name.replaceAll(":", "\\:");
  return quote(description === "" ? escaped : `${escaped}:${description}`);
}

/** A single-quoted word for any of the three shells: quotes inside are left out. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "").replaceAll("\\", "/")}'`;
}

function firstSentence(text: string): string {
  return text.split(/[\n;]|\.\s|\s\(/)[0].replace(/\.$/, "");
}
