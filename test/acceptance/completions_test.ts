/** Completion scripts in the shells that they are for; a shell that is missing is a visible skip. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { granary, shell, temporaryFolder } from "../support/binary.ts";

const hasShell = (name: string) => spawnSync(name, ["-c", "exit 0"]).status === 0;

/** What bash offers for a line of words, the last being typed. */
async function bashOffers(...words: string[]): Promise<string[]> {
  const list = words.map((word) => `'${word}'`).join(" ");
  const { stdout, stderr, code } = await shell(`
    source <(granary completions bash)
    COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}
    _granary
    printf '%s\\n' "\${COMPREPLY[@]}"`);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  return stdout.split("\n").filter((line) => line !== "");
}

Deno.test("bash completes commands, flags, choices and files", async () => {
  assert.ok((await bashOffers("granary", "")).includes("simulate"));
  assert.deepEqual(await bashOffers("granary", "simul"), ["simulate"]);
  assert.deepEqual((await bashOffers("granary", "config", "")).sort(), ["check", "help", "schema", "show"]);
  assert.deepEqual(await bashOffers("granary", "simulate", "--gran"), ["--granules"]);
  assert.deepEqual(await bashOffers("granary", "completions", ""), ["bash", "zsh", "fish"]);
  assert.deepEqual(await bashOffers("granary", "simulate", "--sheet", ""), ["antarctica", "greenland"]);
  assert.deepEqual(await bashOffers("granary", "simulate", "/usr/bi"), ["/usr/bin"]);
});

for (const name of ["zsh", "fish"] as const) {
  Deno.test({
    name: `${name} takes its script`,
    ignore: !hasShell(name),
    fn: async () => {
      const { stdout } = await granary(["completions", name]);
      const file = path.join(temporaryFolder(), "script");
      fs.writeFileSync(file, stdout);
      const run = spawnSync(name, name === "zsh" ? ["-f", file] : ["--no-config", file], {
        encoding: "utf8",
      });
      assert.equal(run.stderr, "");
      assert.equal(run.status, 0);
    },
  });
}
