/** `granary licenses`: what of other people is in the binary, and under which terms. */
import type { Command } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import type { Component } from "../help/third_party.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { formatTable } from "../io/table.ts";
import { VERSION } from "../../core/version.ts";

const EXAMPLES = `
Examples:
  granary licenses                    names, versions and licences
  granary licenses --text | less      the licences' own words
  granary licenses --sbom > sbom.json a bill of materials (CycloneDX)`;

export function addLicenses(program: Command, context: CliContext): void {
  program.command("licenses")
    .description("the software of other people in this binary, and its licences")
    .option("--text", "the text of each licence")
    .option("--sbom", "a software bill of materials: CycloneDX 1.6, JSON")
    .addHelpText("after", EXAMPLES)
    .action(async ({ text, sbom }) => {
      if (text && sbom) throw inputError("--text and --sbom are two forms of one list: give one of them");
      // Read when asked for: a list of texts that no other command needs.
      const { THIRD_PARTY } = await import("../help/third_party.ts");
      if (THIRD_PARTY.length === 0) {
        throw inputError("the binary knows what it carries; sources find their packages in node_modules");
      }
      if (sbom) context.out.json(billOfMaterials(THIRD_PARTY));
      else if (context.json) printReport(context, "licenses", { components: THIRD_PARTY });
      else if (text) context.out.write(THIRD_PARTY.map(withText).join("\n"));
      else {
        context.out.write(formatTable(
          ["component", "version", "licence"],
          THIRD_PARTY.map(({ name, version, license }) => [name, version, license]),
        ));
      }
    });
}

function withText({ name, version, license, text }: Component): string {
  const title = `${name} ${version}: ${license}`;
  const own = text === "" ? "(the package comes without the text)" : text;
  return `${title}\n${"=".repeat(title.length)}\n\n${own}\n`;
}

/** CycloneDX 1.6 (ECMA-424): the program and its components, by package URL. */
function billOfMaterials(components: readonly Component[]): Record<string, unknown> {
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        "type": "application",
        "bom-ref": "granary",
        name: "granary",
        version: VERSION,
        licenses: [{ license: { id: "MIT" } }],
      },
    },
    components: components.map(({ name, version, license }) => ({
      "type": "library",
      "bom-ref": packageUrl(name, version),
      name,
      version,
      purl: packageUrl(name, version),
      // "SEE LICENSE IN …" is npm's, and no SPDX expression.
      licenses: [/^SEE /.test(license) ? { license: { name: license } } : { expression: license }],
    })),
    dependencies: [{
      ref: "granary",
      dependsOn: components.map(({ name, version }) => packageUrl(name, version)),
    }],
  };
}

function packageUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}
