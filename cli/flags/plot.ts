/** The flags of `granary plot`, and the request that they make. */
import path from "node:path";
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { DEFAULT_WIDTH, WIDTH_LIMITS } from "../../aggregate/map/limits.ts";
import { COLORMAP_EXAMPLES, DEFAULT_COLORMAP } from "../../core/draw/colormap.ts";
import { PROJECTION_NAMES, type ProjectionName } from "../../core/draw/projection.ts";
import type { ValueRange } from "../../core/draw/range.ts";
import { inputError } from "../../core/errors.ts";
import { parseRange, whole } from "./numbers.ts";
import { OVERWRITE, OVERWRITE_HELP } from "./output.ts";
import { fileToWrite } from "./places.ts";

/** What commander makes of the words; absent where a flag is. */
export interface PlotFlags {
  variable?: string;
  output?: string;
  overwrite?: boolean;
  preview?: boolean;
  order?: number;
  time?: string;
  projection: ProjectionName | "auto";
  width: number;
  range?: ValueRange;
  colormap: string;
  title?: string;
  fps?: number;
}

export interface PlotRequest {
  /** Maps of several windows in a second of an animation. */
  fps: number | undefined;
  /** A time of ISO 8601; undefined where none is said. */
  time: string | undefined;
  /** Absent: the store's reader is asked which there are. */
  variable: string | undefined;
  /** The PNG: a file, `-` for stdout, or none. */
  output: string | undefined;
  overwrite: boolean;
  preview: boolean;
  picture: {
    order?: number;
    projection: ProjectionName | "auto";
    width: number;
    range?: ValueRange;
    colormap: string;
    title?: string;
  };
}

const ENDINGS = [".png", ".gif", ".apng"];

function parseFps(text: string): number {
  const fps = Number(text);
  if (text.trim() !== "" && fps >= 0.1 && fps <= 50) return fps;
  throw inputError(`--fps ${text}: wanted a number from 0.1 to 50`);
}

export function addPlotOptions(command: CommandUnknownOpts): void {
  command.optionsGroup("What and where to:");
  command
    .option("--variable <name>", "the variable, such as h_mean (granary inspect lists them)")
    .option("-o, --output <file>", "the PNG, GIF or APNG to write, or - for a PNG on stdout", fileToWrite)
    .option(OVERWRITE, OVERWRITE_HELP)
    .option(
      "--time <when>",
      "the window of time that holds a date, or first or last, of a store with windows; all, or FROM/TO: panels in a" +
        " PNG, frames in a GIF or APNG",
    )
    .option("--fps <n>", "windows in a second of an animation (default: 2)", parseFps)
    .option("--preview", "draw it in the terminal");
  command.optionsGroup("The picture:");
  command
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
    .option("--title <text>", "over the map (default: what the variable is called)");
}

/**
 * The request that the flags make. Throws an input error for places that leave no room for each other.
 * @param stdout what else is said there
 */
export function plotRequest(flags: PlotFlags, stdout: { isTerminal: boolean; json: boolean }): PlotRequest {
  const { variable, output, time, fps, overwrite = false, preview = false, ...picture } = flags;
  if (output === undefined && !preview) {
    throw inputError("granary plot: where to? (wanted -o map.png, -o - for stdout, or --preview)");
  }
  if (output === "-" && (preview || stdout.json)) {
    throw inputError("granary plot: -o - leaves no room on stdout for --preview or --json (name a file)");
  }
  if (output === "-" && stdout.isTerminal) {
    throw inputError(
      "granary plot: a PNG is not for a terminal (redirect it, name a file, or use --preview)",
    );
  }
  if (output !== undefined && output !== "-" && !ENDINGS.includes(path.extname(output).toLowerCase())) {
    throw inputError(
      `${output}: granary plot writes PNG, GIF and APNG (wanted a name that ends with ${
        ENDINGS.join(", ")
      }, or -)`,
    );
  }
  const ending = path.extname(output ?? "").toLowerCase();
  if (fps !== undefined && ending !== ".gif" && ending !== ".apng") {
    throw inputError("granary plot: --fps goes with an animation (wanted -o map.gif or map.apng)");
  }
  return { variable, output, time, fps, overwrite, preview, picture };
}
