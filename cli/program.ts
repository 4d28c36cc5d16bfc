/** The tree of commands, each from its own file, with what is common to all of them. */
import { Command, CommanderError, type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import type { CliContext } from "./io/context.ts";
import { borrowExamples } from "./help/examples.ts";
import { refuseRepeated } from "./flags/repeated.ts";
import { allCommands, usageMessage } from "./help/suggest.ts";
import { addAggregate } from "./commands/aggregate.ts";
import { addAuth } from "./commands/auth.ts";
import { addCatalog } from "./commands/catalog.ts";
import { addCells } from "./commands/cells.ts";
import { addCog } from "./commands/cog.ts";
import { addCompletions } from "./commands/completions.ts";
import { addConfig } from "./commands/config.ts";
import { addDeploy } from "./commands/deploy.ts";
import { addDemo } from "./commands/demo.ts";
import { addDiff } from "./commands/diff.ts";
import { addExport } from "./commands/export.ts";
import { addFeed } from "./commands/feed.ts";
import { addFetch } from "./commands/fetch.ts";
import { addHelp } from "./commands/help.ts";
import { addInspect } from "./commands/inspect.ts";
import { addLicenses } from "./commands/licenses.ts";
import { addPlot } from "./commands/plot.ts";
import { addPublish } from "./commands/publish.ts";
import { addSql } from "./commands/sql.ts";
import { addStac } from "./commands/stac.ts";
import { addServe } from "./commands/serve.ts";
import { addSimulate } from "./commands/simulate.ts";
import { addRun } from "./commands/run.ts";
import { JOB_KINDS } from "./jobs.ts";

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

/** @param onFlags gets the global flags before a command's action runs */
export function createProgram(context: CliContext, onFlags: (flags: GlobalFlags) => void): Command {
  const program: Command = new Command("granary");
  program
    .description(DESCRIPTION)
    .usage("COMMAND …")
    .option("-V, --version", "print the version (with --json: what the binary needs to run)")
    .addHelpText("after", EXAMPLES);
  addCatalog(program, context);
  addCells(program, context);
  addFeed(program, context);
  addFetch(program, context);
  addAggregate(program, context);
  addRun(program, context, JOB_KINDS);
  addCog(program, context);
  addInspect(program, context);
  addPlot(program, context);
  addExport(program, context);
  addSql(program, context);
  addDiff(program, context);
  addConfig(program, context);
  addAuth(program, context);
  addPublish(program, context);
  addStac(program, context);
  addServe(program, context);
  addSimulate(program, context);
  addDeploy(program, context);
  addDemo(program, context);
  addCompletions(program, context);
  addLicenses(program, context);
  addHelp(program, context);
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
      const reworded = usageMessage(command, error.code, error.message);
      const shown = error.code.startsWith("commander.help");
      throw shown ? error : new CommanderError(error.exitCode, error.code, reworded);
    });
}
