import assert from "node:assert/strict";
import { Command } from "@commander-js/extra-typings";
import { borrowExamples } from "../../../../cli/help/examples.ts";

/** The lines under a command's "Examples:". */
function shown(command: { outputHelp(): void; configureOutput(to: object): unknown }): string[] {
  let text = "";
  command.configureOutput({ writeOut: (part: string) => text += part });
  command.outputHelp();
  return text.split("Examples:\n")[1].trimEnd().split("\n").map((line) => line.trim());
}

Deno.test("a group shows the first example that calls each of its commands, though they share their examples", () => {
  const program = new Command("granary");
  const group = program.command("deploy");
  const both =
    "\nExamples:\n  granary deploy cron a.yaml\n  granary deploy slurm a.yaml\n  granary deploy slurm b.yaml";
  group.command("cron").addHelpText("after", both);
  const slurm = group.command("slurm").addHelpText("after", both);
  const bare = slurm.command("bare");
  borrowExamples(program as never);
  assert.deepEqual(shown(group), ["granary deploy cron a.yaml", "granary deploy slurm a.yaml"]);
  assert.ok(!bare.helpInformation().includes("Examples"));
});
