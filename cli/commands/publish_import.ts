/** `granary publish import CONFIG`: another pipeline's dataset config as YAML. */
import fs from "node:fs";
import type { Command } from "@commander-js/extra-typings";
import { inputError, systemCode } from "../../core/errors.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { fileToRead } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary publish import no2-monthly.json > no2-monthly.yaml
  granary publish import - < input.json
  granary publish import example.ini --section OMNO2d > omno2d.yaml
  granary publish import no2-monthly.json --json | jq -r '.notes[]'

Takes VEDA dataset configs, inputs of step functions, and .ini files with a section a collection. What has no counterpart is said on stderr.`;

export function addPublishImport(publish: Command, context: CliContext): void {
  publish.command("import").description("print another pipeline's dataset config as a dataset's YAML")
    .argument("<config>", "a file of JSON or .ini, or - for stdin", fileToRead)
    .option("--section <name>", "the collection of an .ini file that has several")
    .addHelpText("after", EXAMPLES)
    .action(async (file, { section }) => {
      const { importConfig } = await import("../../publish/import_config.ts");
      const { importIni, isIni } = await import("../../publish/import_ini.ts");
      let text: string;
      try {
        text = fs.readFileSync(file === "-" ? 0 : file, "utf8");
      } catch (error) {
        const code = systemCode(error);
        if (code === undefined) throw error;
        throw inputError(`${file}: cannot be read (${code === "ENOENT" ? "there is no such file" : code})`);
      }
      const name = file === "-" ? "stdin" : file;
      if (section !== undefined && !isIni(text)) {
        throw inputError(`${name}: is no .ini file, and has no section ${section}`);
      }
      const imported = isIni(text) ? importIni(text, name, section) : importConfig(text, name);
      if (context.json) return printReport(context, "publish.import", imported);
      context.out.write(imported.yaml);
      for (const note of imported.notes) context.log.warn(note);
    });
}
