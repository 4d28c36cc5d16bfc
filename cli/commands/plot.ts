/** `granary plot STORE`: a map of a variable, as a PNG or in the terminal. */
import path from "node:path";
import process from "node:process";
import { type Command, Option } from "@commander-js/extra-typings";
import { COLORMAP_EXAMPLES, DEFAULT_COLORMAP } from "../../core/draw/colormap.ts";
import { DEFAULT_WIDTH, WIDTH_LIMITS } from "../../aggregate/map/limits.ts";
import { PROJECTION_NAMES } from "../../core/draw/projection.ts";
import { writeFileAtomic } from "../../core/files/atomic.ts";
import { inputError } from "../../core/errors.ts";
import { formatCount } from "../../core/units.ts";
import { outputFile, OVERWRITE, OVERWRITE_HELP } from "../flags/output.ts";
import type { CliContext } from "../io/context.ts";
import { openStoreAt } from "../flags/store_place.ts";
import { parseRange, whole } from "../flags/numbers.ts";
import { printReport } from "../io/report.ts";

const EXAMPLES = `
Examples:
  granary plot store.zarr --variable h_mean -o map.png
  granary plot store.zarr --variable h_mean --range=0,3500 --colormap ice -o map.png
  granary plot store.zarr --variable count --order 8 --projection polar-south --width 2400 -o map.png
  granary plot store.zarr --variable h_mean --preview

Without --order the level is the finest whose cells are larger than pixels. Without --range the colours
span the values without their outermost hundredths; pointed ends of the bar say that values lie beyond.`;

/** A preview where the terminal does not say its size. */
const PREVIEW = { columns: 80, rows: 30 } as const;

export function addPlot(program: Command, context: CliContext): void {
  program.command("plot")
    .description("draw a map of a store's variable, as a PNG or in the terminal")
    .argument("<store>", "the Zarr store: a folder or s3://bucket/prefix")
    .option("--variable <name>", "the variable, such as h_mean (granary inspect lists them)")
    .option("-o, --output <file>", "the PNG to write, or - for stdout")
    .option(OVERWRITE, OVERWRITE_HELP)
    .option("--preview", "draw it in the terminal")
    .option("--order <n>", "the level (default: as the map's scale deserves)", whole())
    .addOption(
      new Option("--projection <name>", "the map's projection; auto goes by where the data lies")
        .choices(["auto", ...PROJECTION_NAMES] as const).default("auto" as const),
    )
    .option(
      "--width <pixels>",
      `of the picture, ${WIDTH_LIMITS.least} to ${WIDTH_LIMITS.most}`,
      whole(),
      DEFAULT_WIDTH,
    )
    .option("--range <low,high>", "the values at the ends of the colours", parseRange)
    .option(
      "--colormap <name>",
      `any of matplotlib's and cmocean's in lower case, as ${
        COLORMAP_EXAMPLES.join(", ")
      }; _r turns it round`,
      DEFAULT_COLORMAP,
    )
    .option("--title <text>", "over the map (default: what the variable is called)")
    .addHelpText("after", EXAMPLES)
    .action(async (address, flags) => {
      const { preview, variable: name, overwrite, ...rest } = flags;
      const output = flags.output === undefined || flags.output === "-"
        ? flags.output
        : outputFile(flags.output, "PNG", overwrite);
      checkPlace(output, preview, context);
      const store = await openStoreAt(address, context);
      try {
        const variable = name ?? missingVariable(store.name, store.level().variables.map((one) => one.name));
        const options = {
          ...rest,
          variable,
          signal: context.signal,
          onWarning: (message: string) => context.log.warn(message),
        };
        const { plotStore, previewStore } = await import("../../aggregate/map/plot.ts");
        if (preview === true) {
          const { text, summary } = await previewStore(store, options, terminal(context));
          if (context.json) printReport(context, "plot", summary);
          else context.out.write(text);
        }
        if (output === undefined) return;
        const { png, summary } = await plotStore(store, options);
        if (output === "-") {
          context.out.write(png);
          return;
        }
        writeFileAtomic(output, png);
        if (context.json) printReport(context, "plot", { ...summary, file: output });
        else {
          context.log.info(
            `${output}: ${summary.variable} of ${
              formatCount(summary.cells)
            } cells at order ${summary.order},` +
              ` ${summary.width} by ${summary.height} pixels`,
          );
        }
      } finally {
        await store.close();
      }
    });
}

/** Refuses what cannot be written before anything is read. */
function checkPlace(output: string | undefined, preview: true | undefined, context: CliContext): void {
  if (output === undefined && preview !== true) {
    throw inputError("granary plot: where to? (wanted -o map.png, -o - for stdout, or --preview)");
  }
  if (output === "-" && (preview === true || context.json)) {
    throw inputError("granary plot: -o - leaves no room on stdout for --preview or --json (name a file)");
  }
  if (output === "-" && context.out.isTerminal) {
    throw inputError(
      "granary plot: a PNG is not for a terminal (redirect it, name a file, or use --preview)",
    );
  }
  if (output !== undefined && output !== "-" && path.extname(output).toLowerCase() !== ".png") {
    throw inputError(`${output}: granary plot writes PNG (wanted a name that ends with .png, or -)`);
  }
}

function missingVariable(store: string, names: readonly string[]): never {
  throw inputError(`${store}: which variable? (wanted --variable with one of ${names.join(", ")})`);
}

function terminal(context: CliContext): { columns: number; rows: number; colour: boolean } {
  const { columns = PREVIEW.columns, rows = PREVIEW.rows + 6 } = process.stdout;
  const { NO_COLOR, TERM } = context.env;
  return {
    columns: Math.min(columns, 200),
    // Title, subtitle and legend, and the prompt after them.
    rows: Math.max(PREVIEW.rows / 2, rows - 6),
    colour: context.out.isTerminal && (NO_COLOR === undefined || NO_COLOR === "") && TERM !== "dumb",
  };
}
