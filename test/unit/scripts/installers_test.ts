/** The install script as somebody runs it, over archives that hold a program of a line; and what is filled in. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { filledIn, writeInstallers } from "../../../scripts/installers.ts";
import { Loopback } from "../../support/loopback.ts";

const ROOT = path.resolve(import.meta.dirname!, "../../..");
const VERSION = "7.8.9";
const TARGETS: Record<string, string> = { "linux-x64": "linux-x64", "linux-arm64": "linux-arm64" };
const TARGET = TARGETS[`${process.platform}-${process.arch}`];
const ARCHIVE = `granary-${VERSION}-${TARGET}.tar.gz`;

interface Place {
  folder: string;
  home: string;
  server: Loopback;
  /** What the server has, by name. */
  files: Map<string, Uint8Array>;
  install(
    args: string[],
    env?: Record<string, string>,
  ): Promise<{ code: number; stderr: string; stdout: string }>;
}

async function withArchives(program: string, run: (place: Place) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-install-"));
  const files = new Map<string, Uint8Array>();
  const server = await Loopback.start((request, response) => {
    const bytes = files.get(request.url!.slice(1));
    response.writeHead(bytes === undefined ? 404 : 200);
    response.end(bytes);
  });
  try {
    const stage = path.join(folder, `granary-${VERSION}-${TARGET}`);
    fs.mkdirSync(stage);
    fs.writeFileSync(path.join(stage, "granary"), `#!/bin/sh\n${program}\n`, { mode: 0o755 });
    const tar = spawnSync("tar", ["-czf", path.join(folder, ARCHIVE), "-C", folder, path.basename(stage)]);
    assert.equal(tar.status, 0, String(tar.stderr));
    const bytes = fs.readFileSync(path.join(folder, ARCHIVE));
    const sum = createHash("sha256").update(bytes).digest("hex");
    files.set(ARCHIVE, bytes);
    files.set("SHA256SUMS", new TextEncoder().encode(`${"0".repeat(64)}  other.whl\n${sum}  ${ARCHIVE}\n`));
    const sums = new Map([[ARCHIVE, sum]]);
    writeInstallers(ROOT, folder, { version: VERSION, address: server.url, sums });
    const home = path.join(folder, "home");
    fs.mkdirSync(home);
    await run({
      folder,
      home,
      server,
      files,
      install: (args, env = {}) =>
        new Promise((resolve) => {
          const child = execFile("sh", [path.join(folder, "install.sh"), ...args], {
            cwd: folder,
            timeout: 30_000,
            env: { HOME: home, PATH: "/usr/bin:/bin", ...env },
          }, (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }));
        }),
    });
  } finally {
    await server.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const SAYS_VERSION = `echo "granary ${VERSION}"`;
const unix = { ignore: TARGET === undefined };

Deno.test(
  "the install script puts the program into a folder of one's own and says how to reach it",
  unix,
  () =>
    withArchives(SAYS_VERSION, async ({ home, folder, install, files }) => {
      const first = await install([]);
      const file = path.join(home, ".local/bin/granary");
      assert.equal(first.code, 0, first.stderr);
      assert.match(first.stderr, new RegExp(`granary ${VERSION} is ${file}`));
      assert.match(first.stderr, /not in PATH.*export PATH=/);
      assert.equal(spawnSync(file, { encoding: "utf8" }).stdout, `granary ${VERSION}\n`);
      assert.deepEqual(fs.readdirSync(path.dirname(file)), ["granary"]);

      const named = path.join(folder, "a folder");
      const second = await install(["--dir", "a folder"], { PATH: `/usr/bin:/bin:${named}` });
      assert.equal(second.code, 0, second.stderr);
      assert.doesNotMatch(second.stderr, /PATH/);
      assert.ok(fs.existsSync(path.join(named, "granary")));

      // From a folder, as from a server.
      for (const [name, bytes] of files) fs.writeFileSync(path.join(folder, name), bytes);
      const third = await install(["--from", folder, "--dir", path.join(folder, "third")]);
      assert.equal(third.code, 0, third.stderr);
    }),
);

Deno.test(
  "what is there is left, unless it is to be replaced",
  unix,
  () =>
    withArchives(SAYS_VERSION, async ({ home, install }) => {
      const dir = path.join(home, "bin");
      fs.mkdirSync(dir);
      fs.writeFileSync(path.join(dir, "granary"), "mine");
      const refused = await install(["--dir", dir]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /is there already \(--overwrite/);
      assert.equal(fs.readFileSync(path.join(dir, "granary"), "utf8"), "mine");
      const done = await install(["--dir", dir, "--overwrite"]);
      assert.equal(done.code, 0, done.stderr);
      assert.match(fs.readFileSync(path.join(dir, "granary"), "utf8"), /^#!/);
    }),
);

Deno.test(
  "nothing is installed of what is not as its sum says, does not start, or is not there",
  unix,
  async () => {
    await withArchives(SAYS_VERSION, async ({ home, install, files }) => {
      const dir = path.join(home, "bin");
      const whole = files.get(ARCHIVE)!;
      const changed = whole.slice();
      changed[changed.length >> 1] ^= 1;
      files.set(ARCHIVE, changed);
      const wrong = await install(["--dir", dir]);
      assert.equal(wrong.code, 1);
      assert.match(
        wrong.stderr,
        /its SHA-256 is [0-9a-f]{64}, wanted [0-9a-f]{64} \(nothing was installed\)/,
      );
      files.delete(ARCHIVE);
      const missing = await install(["--dir", dir]);
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, new RegExp(`/${ARCHIVE}: could not be read`));
      files.set("SHA256SUMS", new TextEncoder().encode("\n"));
      assert.match((await install(["--dir", dir])).stderr, /does not name granary-/);
      for (
        const [args, message] of [
          [["--prefix", "x"], /--prefix: no such option/],
          [["--dir"], /a value is missing/],
          [["--from", `${home}/none`], /SHA256SUMS: could not be read/],
        ] as const
      ) {
        const { code, stderr } = await install([...args]);
        assert.equal(code, 1);
        assert.match(stderr, message);
      }
      assert.deepEqual(fs.readdirSync(dir), []);
      const help = await install(["--help"]);
      assert.equal(help.code, 0);
      assert.match(help.stdout, new RegExp(`Installs granary ${VERSION}`));
    });
    await withArchives("echo no such library >&2; exit 127", async ({ home, install }) => {
      const { code, stderr } = await install([]);
      assert.equal(code, 1);
      assert.match(stderr, /does not start here: no such library \(it needs glibc/);
      assert.deepEqual(fs.readdirSync(path.join(home, ".local/bin")), []);
    });
  },
);

Deno.test("texts beside the archives name the version and the sums, and archives that are there only", () => {
  const recipe = fs.readFileSync(path.join(ROOT, "packaging/conda/recipe.yaml"), "utf8");
  const sums = new Map([[`granary-${VERSION}-linux-x64.tar.gz`, "a".repeat(64)]]);
  const filled = filledIn(recipe, { version: VERSION, address: "", sums });
  assert.match(filled, new RegExp(`version: "${VERSION}"`));
  assert.match(filled, /sha256: "a{64}"/);
  assert.doesNotMatch(filled, /@\w+|arm64|osx/);
  const container = fs.readFileSync(path.join(ROOT, "packaging/Containerfile"), "utf8");
  assert.doesNotMatch(filledIn(container, { version: VERSION, address: "", sums }), /@VERSION@/);
  assert.throws(() => filledIn("", { version: VERSION, address: "$(touch x)", sums }), /plain address/);
});
