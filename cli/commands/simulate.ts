/** `granary simulate DIR`: granules to try things on, where no real ones are at hand. */
import { type Command, Option } from "@commander-js/extra-typings";
import { SIMULATE_DEFAULTS } from "../../products/simulate/defaults.ts";
import { formatBytes, formatCount } from "../../core/units.ts";
import type { CliContext } from "../io/context.ts";
import { countOf, whole } from "../flags/numbers.ts";
import { printReport } from "../io/report.ts";
import { fileToWrite } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary simulate granules
  granary simulate granules --granules 48 --rows 50000 --sheet greenland
  granary simulate granules --seed 7 --json`;

export function addSimulate(program: Command, context: CliContext): void {
  program.command("simulate")
    .description("write simulated ATL06 granules along ICESat-2's orbit over an ice sheet")
    .argument("<dir>", "the folder for the HDF5 files", fileToWrite)
    .option("--granules <n>", "how many", countOf, SIMULATE_DEFAULTS.granules)
    .option(
      "--rows <n>",
      "the most segments of a beam (the track is thinned to fit)",
      countOf,
      SIMULATE_DEFAULTS.rows,
    )
    .option("--seed <n>", "another seed, other swells, clouds and noise", whole(), SIMULATE_DEFAULTS.seed)
    .addOption(
      new Option("--sheet <name>", "the ice sheet").choices(["antarctica", "greenland"] as const)
        .default(SIMULATE_DEFAULTS.sheet),
    )
    .option("--start <day>", "the day from which passes are flown", SIMULATE_DEFAULTS.start)
    .addHelpText("after", EXAMPLES)
    .action(async (dir, options) => {
      const { simulate } = await import("../../products/simulate/simulate.ts");
      const progress = context.log.progress("simulate", options.granules, "granules");
      const files = await simulate(dir, {
        ...options,
        signal: context.signal,
        onGranule: (_, done) => progress.update(done),
      });
      progress.end();
      if (context.json) {
        printReport(context, "simulate", { folder: dir, files });
        return;
      }
      const rows = files.reduce((sum, file) => sum + file.rows, 0);
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      context.log.info(
        `${dir}: ${formatCount(files.length)} granules, ${formatCount(rows)} segments, ${formatBytes(bytes)}`,
      );
    });
}
