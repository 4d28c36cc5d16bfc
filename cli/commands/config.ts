/** `granary config show|check|schema`: pipeline configs as text, checked, and described. */
import fs from "node:fs";
import type { Command } from "@commander-js/extra-typings";
import { combinePipelines } from "../../aggregate/config/combine.ts";
import { configMapping, formatConfigs } from "../../aggregate/config/format.ts";
import { configText, loadConfigs, parseConfigs, storeConfigText } from "../../aggregate/config/load.ts";
import { inputError } from "../../core/errors.ts";
import { openStoreAt } from "../flags/store_place.ts";
import { PRESET_NAMES } from "../../products/presets/index.ts";
import { configJsonSchema } from "../../aggregate/config/schema.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { fileToRead, placeToRead, storeToRead } from "../flags/places.ts";
import { isObjectAddress } from "../../core/files/address.ts";

const PRESETS = PRESET_NAMES.join(", ");

const EXAMPLES = `
Examples:
  granary config show atl06 > my.yaml       a preset to start from, with its comments
  granary config check my.yaml              every fault, with its line and column
  granary config check my.yaml --granule ATL06_20190416.h5   what it takes of a file, and what passes
  granary config show my.yaml --normalized  what granary makes of it, defaults included
  granary config show store.zarr            the config that made a store, ready to run again
  granary config schema > config.schema.json`;

/** Whether a name is that of a store: a folder, or a place on S3. */
function isStore(name: string): boolean {
  if (PRESET_NAMES.includes(name)) return false;
  return isObjectAddress(name) || fs.statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
}

async function textOfStore(address: string, context: CliContext): Promise<string> {
  const store = await openStoreAt(address, context);
  try {
    const { text, missing } = storeConfigText(address, store.provenance);
    for (const absent of missing) {
      context.log.warn(`${address}: ${absent} are too long to stand in the store: add them with --polygon`);
    }
    return missing.map((absent) => `# Without ${absent}: add them with --polygon\n`).join("") + text;
  } finally {
    await store.close();
  }
}

export function addConfig(program: Command, context: CliContext): void {
  const config = program.command("config")
    .description("show, check and describe pipeline configs")
    .addHelpText("after", EXAMPLES);

  config.command("show")
    .description(`print a preset (${PRESETS}), a config file, or the config that made a store`)
    .argument("<config>", `a preset (${PRESETS}), a YAML file, - for standard input, or a store`, storeToRead)
    .option("--normalized", "with every default written out, comments left out")
    .action(async (name, flags) => {
      const stored = isStore(name) ? await textOfStore(name, context) : undefined;
      if (!context.json && !flags.normalized) {
        context.out.write(stored ?? configText(name));
        return;
      }
      const configs = stored === undefined ? loadConfigs(name) : parseConfigs(stored, name);
      for (const warning of configs.flatMap(({ warnings }) => warnings)) context.log.warn(warning);
      const [{ pipeline }] = configs;
      if (context.json && configs.length > 1) {
        throw inputError(`${name}: is of ${configs.length} configs, and --json prints one (leave it out)`);
      }
      if (context.json) printReport(context, "config.show", { ...pipeline, config: configMapping(pipeline) });
      else context.out.write(formatConfigs(configs.map(({ pipeline }) => pipeline)));
    });

  config.command("check")
    .description("check a config: names, types, expressions, ranges; exit 2 if something is wrong")
    .argument("<config>", `a YAML file, - for standard input, or a preset (${PRESETS})`, fileToRead)
    .option(
      "--granule <place>",
      "open a granule too, a file or an address: what the config takes of it, and what passes",
      placeToRead,
    )
    .action(async (name, { granule }) => {
      const configs = loadConfigs(name);
      if (configs.length > 1 && granule !== undefined) {
        throw inputError(
          `${name}: is of ${configs.length} configs, and --granule tries one (give it a file of its own)`,
        );
      }
      const pipeline = combinePipelines(configs.map(({ pipeline }) => pipeline));
      const warnings = configs.flatMap(({ warnings }) => warnings);
      const { checkFile } = await import("./config_granule.ts");
      const found = granule === undefined ? undefined : await checkFile(granule, pipeline, context);
      for (const warning of warnings) context.log.warn(warning);
      const columns = pipeline.dataSource.columns.length;
      const variables = pipeline.aggregation.statistics.length;
      const { parentOrder, childOrder, projected } = pipeline.output;
      if (context.json) {
        printReport(context, "config.check", {
          ok: true,
          config: name,
          columns,
          variables,
          parentOrder,
          childOrder,
          warnings,
          ...found === undefined ? {} : { granule: { file: granule, ...found } },
        });
      } else {
        context.out.write(
          `OK: ${name}: ${variables} variables of ${columns} columns, cells of order ${childOrder} in ${
            projected === undefined ? "parents" : `tiles on the plane of ${projected.crs}`
          } of ${parentOrder}\n`,
        );
        if (found !== undefined) {
          const { printCheck } = await import("./config_granule.ts");
          printCheck(found, context);
        }
      }
    });

  config.command("schema")
    .description("print the JSON Schema of pipeline configs, for editors")
    .action(() => context.out.json(configJsonSchema()));
}
