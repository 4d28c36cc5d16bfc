/** `granary demo`: the whole way on simulated granules, by the commands that one would type. */
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import type { Command } from "@commander-js/extra-typings";
import { GranaryError, inputError } from "../../core/errors.ts";
import { formatSeconds } from "../../core/units.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { fileToWrite } from "../flags/places.ts";

const DEFAULT_FOLDER = "granary-demo";

const EXAMPLES = `
Examples:
  granary demo
  granary demo /scratch/demo --granules 48`;

const REAL_THING = `The same on real data, with an Earthdata login in ~/.netrc or EARTHDATA_TOKEN:
  granary catalog build --from cmr --short-name ATL06 --version 006 --provider NSIDC_CPRD \\
    --start 2024-01-01 --end 2024-01-31 --region antarctica -o atl06.parquet
  granary catalog info atl06.parquet
  granary aggregate -c atl06 --catalog atl06.parquet -o antarctica.zarr
  granary plot antarctica.zarr --variable h_mean -o antarctica.png`;

/** What is run, in order, and what each does, for the reader. */
function demoSteps(folder: string, granules: number): { says: string; args: string[] }[] {
  const at = (name: string) => path.join(folder, name);
  return [
    {
      says: "Granules: ATL06-shaped HDF5 files along ICESat-2's orbit",
      args: ["simulate", at("granules"), "--granules", String(granules)],
    },
    {
      says: "Catalog: what each granule is, when, where, and the cells it touches, as GeoParquet",
      args: [
        "catalog",
        "build",
        "--from",
        "local",
        at("granules"),
        "-c",
        "atl06",
        "-o",
        at("catalog.parquet"),
      ],
    },
    { says: "What the catalog holds", args: ["catalog", "info", at("catalog.parquet")] },
    {
      says: "Aggregate: every observation to its HEALPix cell, the cells' statistics to a Zarr store",
      args: ["aggregate", "-c", "atl06", "--catalog", at("catalog.parquet"), "-o", at("store.zarr")],
    },
    {
      says: "Look: a map of one variable",
      args: ["plot", at("store.zarr"), "--variable", "h_mean", "-o", at("map.png")],
    },
  ];
}

export function addDemo(program: Command, context: CliContext): void {
  program.command("demo")
    .description("simulate granules, catalog, aggregate and plot them, and show the commands that did it")
    .argument("[dir]", "a new folder for everything that is made", fileToWrite, DEFAULT_FOLDER)
    .option("--granules <n>", "how many granules", "24")
    .addHelpText("after", EXAMPLES)
    .action(async (folder, { granules }) => {
      if (!/^[1-9]\d{0,4}$/.test(granules)) {
        throw inputError(`--granules ${granules}: wanted a whole number from 1 to 99999`);
      }
      if (fs.existsSync(folder)) {
        throw inputError(`${folder} exists already; name a new folder (granary demo OTHER) or remove it`);
      }
      const started = performance.now();
      const steps: { command: string; seconds: number }[] = [];
      for (const { says, args } of demoSteps(folder, Number(granules))) {
        context.signal.throwIfAborted();
        const command = ["granary", ...args].join(" ");
        context.log.info(`\n# ${says}\n$ ${command}`);
        const began = performance.now();
        await runSelf(args, command, context);
        steps.push({ command, seconds: (performance.now() - began) / 1000 });
      }
      const seconds = (performance.now() - started) / 1000;
      if (context.json) {
        printReport(context, "demo", { folder, seconds, steps });
        return;
      }
      const map = path.join(folder, "map.png");
      context.log.info(`\nDone in ${formatSeconds(seconds)}: the map is ${map}\n\n${REAL_THING}`);
    });
}

/** Runs this program again with other arguments; what it prints goes to the people's stream. */
async function runSelf(args: string[], command: string, context: CliContext): Promise<void> {
  const all = context.log.quiet || context.json ? [...args, "--quiet"] : args;
  const script = process.argv[1] ?? "";
  // In the binary the script lies in a file system of its own, and the executable needs no script.
  const child = script.startsWith("/$bunfs/")
    ? spawn(process.execPath, all, { stdio: ["ignore", 2, 2] })
    : spawn(process.execPath, [...runtimeArguments(), script, ...all], { stdio: ["ignore", 2, 2] });
  const stop = () => child.kill("SIGTERM");
  context.signal.addEventListener("abort", stop, { once: true });
  try {
    const code = await ended(child);
    context.signal.throwIfAborted();
    if (code === 0) return;
    throw new GranaryError("io", `demo: "${command}" ended with exit code ${code}`, {
      exitCode: code,
      details: { command },
    });
  } finally {
    context.signal.removeEventListener("abort", stop);
  }
}

/** Deno takes `run`, a script and what it may do; Bun takes a script as it is. */
function runtimeArguments(): string[] {
  return process.versions.bun === undefined ? ["run", "--allow-all"] : [];
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
