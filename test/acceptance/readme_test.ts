/**
 * The README and the pages of docs/ are true: their offline blocks run as they stand, in order, against the
 * binary; their other commands have the flags that they name; the library's example runs; tables and links
 * say what is so.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { decode } from "fast-png";
import { EXIT_CODES } from "../../mod.ts";
import { granary, ROOT, type RunResult, shell, temporaryFolder } from "../support/binary.ts";
import { gridFile } from "../support/grid_file.ts";

interface Page {
  name: string;
  text: string;
  blocks: { info: string; text: string }[];
}

/** The README first: what it makes, the other pages go on with. */
const PAGES: Page[] = [
  "README.md",
  ...fs.readdirSync(path.join(ROOT, "docs")).filter((file) => file.endsWith(".md")).sort()
    .map((file) => `docs/${file}`),
  "CONTRIBUTING.md",
].map(readPage);
const README = PAGES[0].text;

function readPage(name: string): Page {
  const text = fs.readFileSync(path.join(ROOT, name), "utf8");
  const blocks = [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, info, text]) => ({ info, text }));
  return { name, text, blocks };
}

const folder = temporaryFolder("granary-readme-");
/** What the page of grids runs on. */
fs.writeFileSync(path.join(folder, "grids.nc"), await gridFile());

for (const { name, blocks } of PAGES) {
  const offline = blocks.filter(({ info }) => info === "sh offline");
  if (offline.length === 0) continue;
  Deno.test(`every offline block of ${name} runs as it stands, in order`, async () => {
    for (const { info, text } of blocks) {
      if (/^yaml \S+$/.test(info)) fs.writeFileSync(path.join(folder, info.slice(5)), text);
      if (info !== "sh offline") continue;
      const { code, stderr } = await shell(`set -eo pipefail\n${text}`, { cwd: folder });
      assert.equal(code, 0, `${text}\n${stderr}`);
      assert.doesNotMatch(stderr, /warning/);
    }
  });
}

Deno.test("the pages made what they say that they make", () => {
  for (const made of ["map.png", "mine.zarr/zarr.json", "tasks.zarr/zarr.json", "config.schema.json"]) {
    assert.ok(fs.existsSync(path.join(folder, made)), made);
  }
});

/** The commands of a block: continued lines joined, one a line. */
function commandsOf(text: string): string[] {
  return text.replaceAll("\\\n", " ").split("\n").filter((line) => line.startsWith("granary "));
}

Deno.test("every other command of the pages has the flags that it names", async () => {
  const commands = PAGES.flatMap(({ blocks }) => blocks).filter(({ info }) => info === "sh")
    .flatMap(({ text }) => commandsOf(text));
  assert.ok(commands.length >= 8);
  const helps = new Map<string, Promise<RunResult>>();
  for (const command of commands) {
    const words = command.split(/\s+/).slice(1);
    const end = words.findIndex((word) => !/^[a-z]+$/.test(word));
    const name = words.slice(0, end === -1 ? words.length : end);
    // Words after the command's own may be arguments: the longest name that has help is the command.
    const key = name.join(" ");
    const help = helps.get(key) ?? granary([...name, "--help"]);
    helps.set(key, help);
    const { code, stdout } = await help;
    assert.equal(code, 0, command);
    for (const word of words.filter((word) => word.startsWith("-"))) {
      const flag = word.replace(/=.*/, "");
      assert.ok(new RegExp(`(^|[ ,])${flag}\\b`, "m").test(stdout), `${command}: no ${flag}`);
    }
  }
});

Deno.test("links of the pages lead to files that are there", () => {
  for (const { name, text } of [...PAGES, readPage("test/README.md")]) {
    for (const [, target] of text.matchAll(/\]\(([^)#:]+)\)/g)) {
      const file = path.join(ROOT, path.dirname(name), target);
      assert.ok(fs.existsSync(file), `${name}: ${target} is not there`);
    }
  }
});

Deno.test("the library's example runs", () => {
  const page = PAGES.find(({ name }) => name === "docs/library.md")!;
  const example = page.blocks.find(({ info }) => info === "ts")!.text
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

Deno.test("CONTRIBUTING.md names every dependency with its reason, and no other", () => {
  const { imports } = JSON.parse(fs.readFileSync(path.join(ROOT, "deno.json"), "utf8"));
  const table = /\| package \| for \|\n[\s\S]*?\n\n/.exec(readPage("CONTRIBUTING.md").text)![0];
  const named = table.split("\n").slice(2).flatMap((line) => line.split("|")[1]?.split(",") ?? [])
    .map((name) => name.trim()).filter((name) => name !== "");
  assert.deepEqual(named.sort(), Object.keys(imports).sort());
});

Deno.test("tasks that the pages and workflows name are there", () => {
  const { tasks } = JSON.parse(fs.readFileSync(path.join(ROOT, "deno.json"), "utf8"));
  const workflows = fs.readdirSync(path.join(ROOT, ".github", "workflows"))
    .map((file) => readPage(`.github/workflows/${file}`));
  let named = 0;
  for (const { name, text } of [...PAGES, ...workflows]) {
    for (const [, task] of text.matchAll(/\btask ([a-z]+(?::[a-z]+)?)(?=[\s`]|$)/g)) {
      if (!/deno\S* task /.test(text)) continue;
      if (!(task in tasks)) {
        assert.doesNotMatch(text, new RegExp(`deno\\S* task ${task}\\b`), `${name}: ${task}`);
      } else named++;
    }
  }
  assert.ok(named >= 8);
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
