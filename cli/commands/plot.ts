/** `granary plot STORE`: a map of a variable, as a PNG or in the terminal. */
import path from "node:path";
import process from "node:process";
import type { Command } from "@commander-js/extra-typings";
import type { PlotOptions } from "../../aggregate/map/plot.ts";
import type { GranaryStore } from "../../core/store/open.ts";
import { writeFileAtomic } from "../../core/files/atomic.ts";
import { inputError } from "../../core/errors.ts";
import { formatCount } from "../../core/units.ts";
import { outputFile } from "../flags/output.ts";
import { addPlotOptions, type PlotFlags, plotRequest } from "../flags/plot.ts";
import { inWindow, inWindows } from "../flags/store_time.ts";
import { openStoreAt } from "../flags/store_place.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { storeToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary plot store.zarr --variable h_mean -o map.png
  granary plot store.zarr --variable h_mean --range=0,3500 --colormap ice -o map.png
  granary plot store.zarr --variable count --order 8 --projection polar-south --width 2400 -o map.png
  granary plot store.zarr --variable h_mean --preview
  granary plot months.zarr --variable h_mean --time 2020-03 -o march.png
  granary plot months.zarr --variable h_mean --time all -o panels.png
  granary plot months.zarr --variable h_mean --time 2020-01/2020-06 --fps 4 -o months.gif

Without --order the level is the finest whose cells are larger than pixels. Without --range the colours
span the values without their outermost hundredths; pointed ends of the bar say that values lie beyond.`;

/** A preview where the terminal does not say its size. */
const PREVIEW = { columns: 80, rows: 30 } as const;

export function addPlot(program: Command, context: CliContext): void {
  const command = program.command("plot")
    .description("draw a map of a store's variable, as a PNG, an animation or in the terminal")
    .argument("<store>", "the Zarr store: a folder or s3://bucket/prefix", storeToRead);
  addPlotOptions(command);
  command.addHelpText("after", EXAMPLES)
    .action(async (address) => {
      const { isTerminal } = context.out;
      const request = plotRequest(command.opts() as PlotFlags, { isTerminal, json: context.json });
      const { preview, variable: name, picture } = request;
      const output = request.output === undefined || request.output === "-"
        ? request.output
        : outputFile(request.output, /\.gif$/i.test(request.output) ? "GIF" : "PNG", request.overwrite);
      const opened = await openStoreAt(address, context);
      try {
        const windows = await inWindows(opened, request.time);
        if (windows !== null && preview) {
          throw inputError(
            "granary plot: --preview shows one window of time (wanted --time with a date, first or last)",
          );
        }
        const kind = output === undefined || output === "-" ? ".png" : path.extname(output).toLowerCase();
        if (windows === null && kind !== ".png") {
          throw inputError(
            `${output}: an animation is of several windows of time (wanted --time all, or FROM/TO)`,
          );
        }
        const store = windows === null ? await inWindow(opened, request.time) : windows[0].store;
        const variable = name ?? missingVariable(store.name, store.level().variables.map((one) => one.name));
        const options = {
          ...picture,
          variable,
          signal: context.signal,
          onWarning: (message: string) => context.log.warn(message),
        };
        if (preview) {
          const { previewStore } = await import("../../aggregate/map/plot.ts");
          const { text, summary } = await previewStore(store, options, terminal(context));
          if (context.json) printReport(context, "plot", summary);
          else context.out.write(text);
        }
        if (output === undefined) return;
        const { bytes, summary, what } = windows === null
          ? await oneMap(store, options)
          : await severalMaps(windows, { ...options, framesPerSecond: request.fps }, kind);
        if (output === "-") {
          context.out.write(bytes);
          return;
        }
        writeFileAtomic(output, bytes);
        if (context.json) printReport(context, "plot", { ...summary, file: output });
        else {
          context.log.info(
            `${output}: ${summary.variable} of ${what} at order ${summary.order},` +
              ` ${summary.width} by ${summary.height} pixels`,
          );
        }
      } finally {
        await opened.close();
      }
    });
}

async function oneMap(store: GranaryStore, options: PlotOptions) {
  const { plotStore } = await import("../../aggregate/map/plot.ts");
  const { png, summary } = await plotStore(store, options);
  return { bytes: png, summary, what: `${formatCount(summary.cells)} cells` };
}

async function severalMaps(
  windows: NonNullable<Awaited<ReturnType<typeof inWindows>>>,
  options: PlotOptions & { framesPerSecond: number | undefined },
  ending: string,
) {
  const { plotSeries } = await import("../../aggregate/map/series.ts");
  const kind = ending === ".gif" ? "gif" : ending === ".apng" ? "apng" : "panels";
  const { bytes, summary } = await plotSeries(windows, options, kind);
  return { bytes, summary, what: `${formatCount(windows.length)} windows of time` };
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
