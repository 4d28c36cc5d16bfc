/**
 * Native libraries in a compiled binary, shown by a small program that is built as granary is: DuckDB
 * from embedded files, a worker by a relative URL.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { build } from "../../scripts/bundle.ts";
import { hostTarget, prepareTarget } from "../../scripts/targets.ts";
import { finish, ROOT, type RunResult, temporaryFolder } from "../support/binary.ts";

const AT_ONCE = 20;
let built: string | undefined;

function probe(): string {
  if (built === undefined) {
    const out = path.join(temporaryFolder("granary-probe-"), "probe");
    const target = hostTarget();
    const entries = ["test/support/probe/main.ts", "test/support/probe/probe_worker.ts"];
    build(ROOT, { target, ...prepareTarget(ROOT, target), out, entries });
    built = out;
  }
  return built;
}

function run(env: Record<string, string>): Promise<RunResult> {
  return finish(spawn(probe(), [], { env: { PATH: "/usr/bin:/bin", ...env }, cwd: "/" }));
}

function assertWorked(result: RunResult): void {
  assert.equal(result.stderr, "");
  assert.equal(result.code, 0);
  const { duckdb, worker } = JSON.parse(result.stdout);
  assert.match(duckdb, /^v1\.5\./);
  assert.equal(worker, 40);
}

/** The unpacked files below a folder, by name. */
function unpacked(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => entry.name).sort();
}

const LIBRARIES = hostTarget().startsWith("darwin")
  ? ["duckdb.node", "libduckdb.dylib"]
  : ["duckdb.node", "libduckdb.so"];

/** Mounts need a name space of one's own, which not every machine gives. */
const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

Deno.test("a compiled program runs DuckDB and a worker from an empty HOME", async () => {
  const home = temporaryFolder();
  assertWorked(await run({ HOME: home, TMPDIR: home }));
  assert.deepEqual(unpacked(path.join(home, ".cache", "granary")), LIBRARIES);
});

Deno.test("XDG_CACHE_HOME is preferred to HOME", async () => {
  const home = temporaryFolder(), cache = temporaryFolder();
  assertWorked(await run({ HOME: home, XDG_CACHE_HOME: cache, TMPDIR: home }));
  assert.deepEqual(unpacked(cache), LIBRARIES);
  assert.deepEqual(unpacked(home), []);
});

Deno.test("a cache folder that cannot be made falls through to the next", async () => {
  const home = temporaryFolder();
  const file = path.join(home, "a-file");
  fs.writeFileSync(file, "");
  assertWorked(await run({ HOME: home, XDG_CACHE_HOME: path.join(file, "below"), TMPDIR: home }));
  assert.deepEqual(unpacked(path.join(home, ".cache")), LIBRARIES);
});

Deno.test("without HOME the temporary folder holds the libraries, closed to others", async () => {
  const temporary = temporaryFolder();
  assertWorked(await run({ TMPDIR: temporary }));
  assert.deepEqual(unpacked(temporary), LIBRARIES);
  const [own] = fs.readdirSync(temporary);
  assert.equal(fs.statSync(path.join(temporary, own)).mode & 0o077, 0);
});

for (
  const [what, options] of [
    ["mounted noexec", "noexec,size=200m"],
    ["of a full file system", "size=20m"],
    ["that is read-only", "ro"],
  ] as const
) {
  Deno.test({
    name: `a cache folder ${what} falls through to the next`,
    ignore: !canMount,
    fn: async () => {
      const home = temporaryFolder();
      const cache = path.join(home, "mounted");
      fs.mkdirSync(cache);
      // A mount of the test's own, seen by the program alone and gone when it ends.
      const script = `mount -t tmpfs -o ${options} tmpfs '${cache}' && exec "$PROBE"`;
      const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", PROBE: probe() };
      const child = spawn("unshare", ["-rm", "sh", "-c", script], {
        env: { ...env, HOME: home, XDG_CACHE_HOME: cache, TMPDIR: home },
        cwd: "/",
      });
      assertWorked(await finish(child));
      assert.deepEqual(unpacked(path.join(home, ".cache")), LIBRARIES);
    },
  });
}

Deno.test("a damaged library of the right size does not stop the program", async () => {
  const home = temporaryFolder();
  assertWorked(await run({ HOME: home, TMPDIR: home }));
  const cache = path.join(home, ".cache", "granary");
  const addon = path.join(cache, fs.readdirSync(cache)[0], "duckdb.node");
  const { size } = fs.statSync(addon);
  fs.rmSync(addon);
  fs.writeFileSync(addon, new Uint8Array(size));
  assertWorked(await run({ HOME: home, TMPDIR: home }));
});

Deno.test("many processes start at once with a cold cache", async () => {
  const home = temporaryFolder();
  const runs = await Promise.all(
    Array.from({ length: AT_ONCE }, () => run({ HOME: home, TMPDIR: home })),
  );
  for (const result of runs) assertWorked(result);
  // No half-written file and no temporary one is left.
  assert.deepEqual(unpacked(path.join(home, ".cache", "granary")), LIBRARIES);
});

Deno.test("megabytes into a slow reader all arrive, though the program exits at once", async () => {
  // Sips with pauses between them: the pipe is full for most of the time.
  const reader = "(sleep 1; for i in 1 2 3 4; do head -c 1000000 | wc -c; sleep 0.2; done; wc -c)";
  const { code, stdout, stderr } = await inShell(`"$PROBE" 12000000 | ${reader}; exit \${PIPESTATUS[0]}`);
  assert.equal(stderr, "");
  const sips = stdout.trim().split("\n").map(Number);
  assert.equal(sips.reduce((sum, bytes) => sum + bytes, 0), 12_000_000);
  assert.equal(code, 0);
});

Deno.test("a reader that leaves in the midst of megabytes ends the program quietly", async () => {
  const { code, stdout, stderr } = await inShell(
    `"$PROBE" 12000000 | head -c 1; echo " \${PIPESTATUS[0]}"`,
    10_000,
  );
  assert.equal(stderr, "");
  assert.equal(stdout, "x 0\n");
  assert.equal(code, 0);
});

function inShell(line: string, timeoutMs?: number): Promise<RunResult> {
  const env = { PATH: "/usr/bin:/bin", PROBE: probe() };
  return finish(
    spawn("/bin/bash", ["-c", line], { env, cwd: "/" }),
    timeoutMs === undefined ? {} : { timeoutMs },
  );
}
