import assert from "node:assert/strict";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { allCommands, commandOf, commandPath } from "../../../cli/help/suggest.ts";
import type { CliContext } from "../../../cli/io/context.ts";
import { createProgram, UsageFault } from "../../../cli/program.ts";

const context = {} as CliContext;
const names = (command: CommandUnknownOpts) => command.commands.map((below) => below.name());

Deno.test("a command that is called comes without the others, and with the same flags and help", async () => {
  const whole = await createProgram(context, () => {});
  const leaves = allCommands(whole).filter((command) => command.parent === whole);
  for (const command of leaves) {
    const called = await createProgram(context, () => {}, ["--json", command.name(), "--help"]);
    const own = commandOf(called, [command.name()]);
    assert.equal(own.helpInformation(), command.helpInformation());
    assert.deepEqual(allCommands(own).map(commandPath), allCommands(command).map(commandPath));
    const others = new Set(["help", "completions"]);
    if (!others.has(command.name())) {
      assert.ok(names(called).length <= 4, `${command.name()}: ${names(called)}`);
    }
  }
});

Deno.test("without a word, with an unknown one and for help, all commands are there", async () => {
  const whole = names(await createProgram(context, () => {}));
  for (
    const args of [[], ["--help"], ["catlog"], ["help", "cog"], ["completions", "bash"], ["constructor"]]
  ) {
    assert.deepEqual(names(await createProgram(context, () => {}, args)), whole);
  }
});

Deno.test("a fault in the words of a command says which command it is of", async () => {
  const program = await createProgram(context, () => {}, ["catalog"]);
  await assert.rejects(
    program.parseAsync(["catalog", "info", "--parent-order", "6"], { from: "user" }),
    (error: unknown) => error instanceof UsageFault && error.words.join(" ") === "catalog info",
  );
});
