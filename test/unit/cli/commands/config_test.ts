import assert from "node:assert/strict";
import { parse as parseYaml } from "yaml";
import { Command } from "@commander-js/extra-typings";
import { addConfig } from "../../../../cli/commands/config.ts";
import { asReport } from "../../../../cli/io/report.ts";
import type { CliContext } from "../../../../cli/io/context.ts";
import { parseConfig } from "../../../../aggregate/config/parse.ts";
import { loadPreset } from "../../../../aggregate/config/load.ts";
import { presetText } from "../../../../products/presets/index.ts";
import { GranaryError } from "../../../../core/errors.ts";

/** Runs `granary config ARGS`, catching what it writes. */
async function run(
  args: string[],
  json = false,
): Promise<{ text: string; values: unknown[]; warnings: string[] }> {
  const caught = { text: "", values: [] as unknown[], warnings: [] as string[] };
  const context = {
    out: {
      write: (data: string) => caught.text += data,
      json: (value: unknown) => caught.values.push(value),
    },
    log: { warn: (message: string) => caught.warnings.push(message) },
    json,
  } as unknown as CliContext;
  const program = new Command("granary").exitOverride();
  addConfig(program, context);
  await program.parseAsync(["config", ...args], { from: "user" });
  return caught;
}

Deno.test("config show prints a preset as it is written, and normalized it parses to the same", async () => {
  assert.equal((await run(["show", "atl08"])).text, presetText("atl08"));
  const { text } = await run(["show", "atl08", "--normalized"]);
  assert.deepEqual(parseConfig(text, "atl08").pipeline, loadPreset("atl08"));
  assert.deepEqual((await run(["show", "atl08"], true)).values, [
    asReport("config.show", { ...loadPreset("atl08"), config: parseYaml(text) }),
  ]);
});

Deno.test("config check says OK, or fails as bad input", async () => {
  assert.match((await run(["check", "atl06"])).text, /^OK: atl06: 9 variables of 2 columns.*\n$/);
  const [report] = (await run(["check", "atl06"], true)).values as { ok: boolean }[];
  assert.equal(report.ok, true);
  await assert.rejects(
    run(["check", "atl99"]),
    (error) => error instanceof GranaryError && error.exitCode === 2,
  );
});

Deno.test("config schema prints a JSON Schema", async () => {
  const [schema] = (await run(["schema"])).values as { $schema: string }[];
  assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
});
