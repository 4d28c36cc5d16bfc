import assert from "node:assert/strict";
import { Command, Option } from "@commander-js/extra-typings";
import {
  bashScript,
  completionTree,
  fishScript,
  zshScript,
} from "../../../../cli/help/completion_scripts.ts";

function tree() {
  const program = new Command("granary").helpCommand(false);
  const catalog = program.command("catalog").description("everything 'quoted'; and more").helpCommand(false);
  catalog.command("sql").description("run SQL")
    .addOption(new Option("--format <name>", "the output").choices(["csv", "json"]));
  catalog.command("hidden", { hidden: true });
  return completionTree(program);
}

Deno.test("the tree holds every visible command with its flags and choices", () => {
  const nodes = tree();
  const catalog = nodes.find((node) => node.path === "catalog")!;
  assert.deepEqual(catalog.commands, [{ name: "sql", description: "run SQL" }]);
  const sql = nodes.find((node) => node.path === "catalog sql")!;
  const format = sql.flags.find((flag) => flag.name === "--format")!;
  assert.deepEqual(format.choices, ["csv", "json"]);
  assert.equal(format.takesValue, true);
});

Deno.test("quotes in descriptions cannot end a quoted word", () => {
  for (const script of [bashScript, zshScript, fishScript]) {
    for (const line of script(tree()).split("\n")) {
      assert.equal((line.replaceAll(/"[^"]*"/g, "").match(/'/g)?.length ?? 0) % 2, 0, line);
    }
  }
});
