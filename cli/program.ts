/** The tree of commands, each from its own file, with what is common to all of them. */
import { Command, CommanderError, type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import type { CliContext } from "./io/context.ts";
import { borrowExamples } from "./help/examples.ts";
import { refuseRepeated } from "./flags/repeated.ts";
import { allCommands, commandWords } from "./help/suggest.ts";

interface GlobalFlags {
  json: boolean;
  quiet: boolean;
  verbose: boolean;
}

const DESCRIPTION = "Catalogs of Earth-observation granules as GeoParquet, and their observations " +
  "aggregated to HEALPix cells in Zarr.";

const EXAMPLES = `
Examples:
  granary demo                                   see the whole way, on simulated granules
  granary catalog build --from local data -c atl06 -o catalog.parquet
  granary aggregate -c atl06 --catalog catalog.parquet -o store.zarr
  granary plot store.zarr --variable h_mean -o map.png

Exit codes: 0 done, 1 failed, 2 bad input or usage, 3 some granules failed, 4 credentials refused,
130 and 143 interrupted. granary help environment lists the variables that granary reads.`;

type AddCommand = (program: Command, context: CliContext) => void;

/** Each command by its word, in the order of the help; loaded when it is called. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  catalog: async () => (await import("./commands/catalog.ts")).addCatalog,
  cells: async () => (await import("./commands/cells.ts")).addCells,
  feed: async () => (await import("./commands/feed.ts")).addFeed,
  fetch: async () => (await import("./commands/fetch.ts")).addFetch,
  aggregate: async () => (await import("./commands/aggregate.ts")).addAggregate,
  run: async () => {
    const [{ addRun }, { JOB_KINDS }] = await Promise.all([import("./commands/run.ts"), import("./jobs.ts")]);
    return (program, context) => addRun(program, context, JOB_KINDS);
  },
  cog: async () => (await import("./commands/cog.ts")).addCog,
  inspect: async () => (await import("./commands/inspect.ts")).addInspect,
  plot: async () => (await import("./commands/plot.ts")).addPlot,
  export: async () => (await import("./commands/export.ts")).addExport,
  sql: async () => (await import("./commands/sql.ts")).addSql,
  diff: async () => (await import("./commands/diff.ts")).addDiff,
  config: async () => (await import("./commands/config.ts")).addConfig,
  auth: async () => (await import("./commands/auth.ts")).addAuth,
  publish: async () => (await import("./commands/publish.ts")).addPublish,
  stac: async () => (await import("./commands/stac.ts")).addStac,
  serve: async () => (await import("./commands/serve.ts")).addServe,
  simulate: async () => (await import("./commands/simulate.ts")).addSimulate,
  deploy: async () => (await import("./commands/deploy.ts")).addDeploy,
  demo: async () => (await import("./commands/demo.ts")).addDemo,
  completions: async () => (await import("./commands/completions.ts")).addCompletions,
  licenses: async () => (await import("./commands/licenses.ts")).addLicenses,
  help: async () => (await import("./commands/help.ts")).addHelp,
};

/** Words of older versions, which a command adds beside its own. */
const OLDER_WORDS: Readonly<Record<string, string>> = { runs: "run", work: "run", finish: "run" };

/** Commands that tell of all others. */
const OF_ALL: ReadonlySet<string> = new Set(["help", "completions"]);

/** A wrong word on the command line. What was likely meant may stand anywhere in the tree of commands. */
export class UsageFault extends CommanderError {
  /** @param words those of the command that the fault is in */
  constructor(readonly words: readonly string[], { exitCode, code, message }: CommanderError) {
    super(exitCode, code, message);
  }
}

/**
 * The tree of commands, or only the branch of the command that `args` call, which is there sooner. Parsing throws a
 * {@linkcode UsageFault} for wrong words.
 * @param onFlags gets the global flags before a command's action runs
 */
export async function createProgram(
  context: CliContext,
  onFlags: (flags: GlobalFlags) => void,
  args: readonly string[] = [],
): Promise<Command> {
  const commands = await Promise.all(loadersFor(args).map((load) => load()));
  const program: Command = new Command("granary");
  program
    .description(DESCRIPTION)
    .usage("COMMAND …")
    .option("-V, --version", "print the version (with --json: what the binary needs to run)")
    .addHelpText("after", EXAMPLES);
  for (const add of commands) add(program, context);
  borrowExamples(program);
  for (const command of allCommands(program)) finishCommand(command, context);
  program.hook("preAction", (_, action) => {
    const flags = action.optsWithGlobals() as Partial<GlobalFlags>;
    onFlags({
      json: flags.json === true,
      quiet: flags.quiet === true,
      verbose: flags.verbose === true,
    });
  });
  return program;
}

/** The command that is called, where its word is known and it tells of no other; else all. */
function loadersFor(args: readonly string[]): readonly (() => Promise<AddCommand>)[] {
  const word = args.find((arg) => !arg.startsWith("-")) ?? "";
  const called = OLDER_WORDS[word] ?? word;
  return Object.hasOwn(COMMANDS, called) && !OF_ALL.has(called)
    ? [COMMANDS[called]]
    : Object.values(COMMANDS);
}

/** The flags, help and errors that every command shares, however deep it lies. */
function finishCommand(command: CommandUnknownOpts, context: CliContext): void {
  command.optionsGroup(command.options.length > 0 ? "Output:" : "Options:");
  const has = (flag: string) => command.options.some((option) => option.long === flag);
  if (!has("--json")) command.option("--json", "print JSON for programs");
  if (!has("--quiet")) command.option("--quiet", "no progress and no notes; warnings and errors only");
  if (!has("--verbose")) {
    command.addOption(
      new Option("--verbose", "say each request to a server, and the stack of an error").conflicts("quiet"),
    );
  }
  refuseRepeated(command);
  command
    .helpOption("-h, --help", "show this help")
    // A command's flags are its own: --version is the program's here and a product's there.
    .enablePositionalOptions()
    .showHelpAfterError(false)
    .configureOutput({
      writeOut: (text) => context.out.write(text),
      // Help shown because a command was missing; a failure's message is written when the run ends.
      writeErr: (text) => context.log.info(text.trimEnd()),
      outputError: () => {},
    })
    .exitOverride((error) => {
      const shown = error.code.startsWith("commander.help");
      throw shown ? error : new UsageFault(commandWords(command), error);
    });
}
