/**
 * The README is true: its offline blocks run as they stand, in order, against the binary; its other
 * commands have the flags that they name; its library example runs; its tables say what is so.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { decode } from "fast-png";
import { EXIT_CODES } from "../../mod.ts";
import { granary, ROOT, shell, temporaryFolder } from "../support/binary.ts";

const README = fs.readFileSync(path.join(ROOT, "README.md"), "utf8");

interface Block {
  info: string;
  text: string;
}

const BLOCKS: Block[] = [...README.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
  .map(([, info, text]) => ({ info: info, text: text }));

const folder = temporaryFolder("granary-readme-");

Deno.test("every offline block of the README runs as it stands, in order", async () => {
  for (const { info, text } of BLOCKS) {
    if (/^yaml \S+$/.test(info)) fs.writeFileSync(path.join(folder, info.slice(5)), text);
    if (info !== "sh offline") continue;
    const { code, stderr } = await shell(`set -eo pipefail\n${text}`, { cwd: folder });
    assert.equal(code, 0, `${text}\n${stderr}`);
    assert.doesNotMatch(stderr, /warning/);
  }
  for (const made of ["map.png", "mine.zarr/zarr.json", "tasks.zarr/zarr.json", "config.schema.json"]) {
    assert.ok(fs.existsSync(path.join(folder, made)), made);
  }
});

/** The commands of a block: continued lines joined, one a line. */
function commandsOf(text: string): string[] {
  return text.replaceAll("\\\n", " ").split("\n").filter((line) => line.startsWith("granary "));
}

Deno.test("every other command of the README has the flags that it names", async () => {
  const commands = BLOCKS.filter(({ info }) => info === "sh").flatMap(({ text }) => commandsOf(text));
  assert.ok(commands.length >= 8);
  for (const command of commands) {
    const words = command.split(/\s+/).slice(1);
    const end = words.findIndex((word) => !/^[a-z]+$/.test(word));
    const name = words.slice(0, end === -1 ? words.length : end);
    // Words after the command's own may be arguments: the longest name that has help is the command.
    const { code, stdout } = await granary([...name, "--help"]);
    assert.equal(code, 0, command);
    for (const word of words.filter((word) => word.startsWith("-"))) {
      const flag = word.replace(/=.*/, "");
      assert.ok(new RegExp(`(^|[ ,])${flag}\\b`, "m").test(stdout), `${command}: no ${flag}`);
    }
  }
});

Deno.test("the README's library example runs", () => {
  const example = BLOCKS.find(({ info }) => info === "ts")!.text
    .replace('"./mod.ts"', JSON.stringify(`file://${path.join(ROOT, "mod.ts")}`));
  const file = path.join(folder, "example.ts");
  fs.writeFileSync(file, example);
  const config = path.join(ROOT, "deno.json");
  const run = spawnSync(Deno.execPath(), ["run", "--allow-all", "--no-check", "-c", config, file], {
    cwd: folder,
    encoding: "utf8",
    env: { ...Deno.env.toObject(), NO_COLOR: "1" },
  });
  assert.equal(run.status, 0, run.stderr);
  const [cells, values] = run.stdout.trim().split(" ").map(Number);
  assert.ok(cells > 0 && cells === values, run.stdout);
});

Deno.test("the README names every dependency, and no other", () => {
  const { imports } = JSON.parse(fs.readFileSync(path.join(ROOT, "deno.json"), "utf8"));
  const table = /\| package \| for \|\n[\s\S]*?\n\n/.exec(README)![0];
  const named = table.split("\n").slice(2).flatMap((line) => line.split("|")[1]?.split(",") ?? [])
    .map((name) => name.trim()).filter((name) => name !== "");
  assert.deepEqual(named.sort(), Object.keys(imports).sort());
});

Deno.test("the README's exit codes are the program's", () => {
  for (const code of new Set(Object.values(EXIT_CODES))) {
    assert.match(README, new RegExp(`^\\| (\\d+, )*${code}(, \\d+)* \\|`, "m"));
  }
});

Deno.test("the README's picture is there, small, and a picture", () => {
  const [, picture] = /!\[.*\]\((.*)\)/.exec(README)!;
  const bytes = fs.readFileSync(path.join(ROOT, picture));
  assert.ok(bytes.length < 300_000);
  assert.ok(decode(bytes).width >= 600);
});
