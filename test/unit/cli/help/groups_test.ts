import assert from "node:assert/strict";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { createProgram } from "../../../../cli/program.ts";
import type { CliContext } from "../../../../cli/io/context.ts";

/** Flags that are read at a glance; more of them stand under headings. */
const AT_A_GLANCE = 12;

function* commandsBelow(command: CommandUnknownOpts, path: string): Generator<[string, CommandUnknownOpts]> {
  yield [path, command];
  for (const one of command.commands) yield* commandsBelow(one, `${path} ${one.name()}`);
}

Deno.test("the flags of every command stand under headings, where there are many", async () => {
  const program = await createProgram({} as CliContext, () => {});
  let long = 0;
  for (const [name, { options }] of commandsBelow(program, "granary")) {
    const groups = new Map<string, number>();
    for (const { hidden, helpGroupHeading = "" } of options) {
      if (!hidden) groups.set(helpGroupHeading, (groups.get(helpGroupHeading) ?? 0) + 1);
    }
    long += options.length > AT_A_GLANCE ? 1 : 0;
    for (const [heading, count] of groups) {
      assert.ok(count <= AT_A_GLANCE, `${name}: ${count} under "${heading}"`);
    }
  }
  assert.ok(long >= 6, String(long));
});
