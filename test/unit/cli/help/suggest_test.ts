import assert from "node:assert/strict";
import { Command } from "@commander-js/extra-typings";
import { usageMessage } from "../../../../cli/help/suggest.ts";

function tree() {
  const program = new Command("granary");
  const catalog = program.command("catalog");
  const build = catalog.command("build").option("--provider <name>").option("--short-name <name>");
  program.command("plot").option("--projection <name>");
  return { program, catalog, build };
}

const unknownFlag = (flag: string) => `error: unknown option '${flag}'`;
const unknownCommand = (name: string) => `error: unknown command '${name}'`;

Deno.test("a flag cut short or misspelt names the flag that was meant", () => {
  const { build } = tree();
  const reported = (flag: string) => usageMessage(build, "commander.unknownOption", unknownFlag(flag));
  assert.match(
    reported("--short"),
    /unknown flag --short for granary catalog build \(did you mean --short-name\?\)/,
  );
  assert.match(reported("--provdier"), /did you mean --provider\?/);
});

Deno.test("a flag of another command names that command", () => {
  const { build } = tree();
  const reported = usageMessage(build, "commander.unknownOption", unknownFlag("--projection"));
  assert.match(reported, /did you mean granary plot --projection\?/);
});

Deno.test("a command of another level is named in full", () => {
  const { program } = tree();
  const reported = (name: string) => usageMessage(program, "commander.unknownCommand", unknownCommand(name));
  assert.match(reported("build"), /granary has no command "build" \(did you mean granary catalog build\?\)/);
  assert.match(reported("plto"), /did you mean plot\?/);
  assert.doesNotMatch(reported("wholly-other"), /did you mean/);
});

Deno.test("Commander's own suggestion is kept", () => {
  const { build } = tree();
  const reported = usageMessage(
    build,
    "commander.unknownOption",
    `${unknownFlag("--x")}\n(Did you mean --y?)`,
  );
  assert.equal(
    reported,
    "unknown flag --x for granary catalog build (did you mean --y?); granary catalog build --help shows what there is",
  );
});
