/** What holds for every command: versions, help, wrong usage, exit codes, pipes, signals. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { granary, shell, temporaryFolder } from "../support/binary.ts";

Deno.test("--version prints the version, and --json what the binary needs", async () => {
  const plain = await granary(["--version"]);
  assert.equal(plain.code, 0);
  assert.match(plain.stdout, /^granary \d+\.\d+\.\d+\n$/);
  assert.equal(plain.stderr, "");
  for (const args of [["--version", "--json"], ["--json", "--version"], ["--json", "-V"]]) {
    const report = JSON.parse((await granary(args)).stdout);
    assert.equal(`granary ${report.version}\n`, plain.stdout);
    assert.ok(Number.isInteger(report.engine_version));
    assert.equal(report.platform, `${Deno.build.os}-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`);
    if (Deno.build.os === "linux") {
      assert.deepEqual(report.requires, { glibc: "2.25", libstdcxx: "GLIBCXX_3.4.22" });
    }
  }
});

Deno.test("help goes to stdout when asked for, and to stderr with exit 2 when a command is missing", async () => {
  const asked = await granary(["--help"]);
  assert.equal(asked.code, 0);
  assert.match(asked.stdout, /Commands:/);
  assert.equal(asked.stderr, "");
  for (const args of [[], ["config"]]) {
    const missing = await granary(args);
    assert.equal(missing.code, 2);
    assert.equal(missing.stdout, "");
    assert.match(missing.stderr, /Commands:/);
  }
});

/** The commands that a help text lists, `help` left out. */
function listedCommands(help: string): string[] {
  const section = /^Commands:\n((?:^ +.*\n?)*)/m.exec(help)?.[1] ?? "";
  return [...section.matchAll(/^ {2}(\S+)/gm)].map((match) => match[1]).filter((name) => name !== "help");
}

Deno.test("every command has help with an example that can be pasted", async () => {
  const visit = async (words: string[]): Promise<number> => {
    const { code, stdout, stderr } = await granary([...words, "--help"]);
    assert.equal(code, 0, stderr);
    const name = ["granary", ...words].join(" ");
    const below = listedCommands(stdout);
    assert.match(stdout, new RegExp(`^Examples:\\n(?:.*\\n)*?.*${name}`, "m"), `${name} shows no example`);
    for (const word of below) await visit([...words, word]);
    return below.length;
  };
  assert.ok(await visit([]) >= 3);
});

Deno.test("a wrong command or flag is answered with what was likely meant, and exit 2", async () => {
  const cases: [string[], RegExp][] = [
    [["simulat"], /no command "simulat" \(did you mean simulate\?\)/],
    [["check"], /no command "check" \(did you mean granary config check or granary publish check\?\)/],
    [
      ["simulate", "x", "--granuls", "3"],
      /unknown flag --granuls for granary simulate \(did you mean --granules\?\)/,
    ],
    [["config", "shw"], /granary config has no command "shw" \(did you mean show\?\)/],
    [["completions", "zsh", "--normalized"], /did you mean granary config show --normalized\?/],
    [["completions", "csh"], /Allowed choices are bash, zsh, fish/],
    [["simulate"], /missing required argument/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await granary(args);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, message);
    assert.match(stderr, /^granary: [^\n]*--help[^\n]*\n$/);
  }
});

Deno.test("with --json a failure is one JSON object on stderr", async () => {
  const { code, stdout, stderr } = await granary(["config", "show", "no-such-preset", "--json"]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  const { error } = JSON.parse(stderr);
  assert.equal(error.tag, "input");
  assert.equal(error.exit_code, 2);
  assert.match(error.message, /no-such-preset/);
});

Deno.test("a reader that leaves ends the program quietly", async () => {
  const { code, stdout, stderr } = await shell(
    'set -o pipefail; granary config schema | head -c 1; echo " ${PIPESTATUS[0]}"',
    { timeoutMs: 10_000 },
  );
  assert.equal(stdout, "{ 0\n");
  assert.equal(stderr, "");
  assert.equal(code, 0);
});

Deno.test({
  name: "a full device is a failure that is reported, not a silent loss",
  ignore: !fs.existsSync("/dev/full"),
  fn: async () => {
    const { code, stderr } = await shell("granary config schema > /dev/full");
    assert.equal(code, 1);
    assert.match(stderr, /ENOSPC|no space/);
  },
});

for (const [signal, exit] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`${signal} ends a command cleanly with exit ${exit}`, async () => {
    const folder = path.join(temporaryFolder(), "granules");
    // By way of a shell: the exit code is what a script sees.
    const { code, stdout, stderr } = await shell(`
      granary simulate '${folder}' --granules 5000 --rows 2000 &
      until [ "$(ls '${folder}' 2>/dev/null | wc -l)" -ge 2 ]; do sleep 0.05; done
      kill -${signal.slice(3)} $!
      wait $!; echo $?`);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `${exit}\n`, stderr);
    const files = fs.readdirSync(folder);
    assert.ok(files.length < 5000);
    // What is there is whole: no temporary file is left.
    assert.deepEqual(files.filter((name) => !name.endsWith(".h5")), []);
  });
}

Deno.test("--quiet keeps notes and progress away", async () => {
  const { code, stderr } = await granary([
    "simulate",
    path.join(temporaryFolder(), "g"),
    "--granules",
    "1",
    "--rows",
    "100",
    "--quiet",
  ]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
});

Deno.test("a failure without GRANARY_DEBUG shows no stack", async () => {
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, "f"), "");
  const { code, stderr } = await granary(["simulate", path.join(folder, "f", "g")]);
  assert.equal(code, 1);
  assert.match(stderr, /^granary: .*f\/g: cannot write/);
  assert.doesNotMatch(stderr, /\n {4}at /);
});
