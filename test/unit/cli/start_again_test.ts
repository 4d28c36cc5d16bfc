import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import { startAgain } from "../../../cli/start_again.ts";

type Start = { file: string; args: readonly string[]; env: Record<string, string> };

/** A folder as the system has it of a process's descriptors: the three of every process, and what else is open. */
function descriptors(open: readonly string[]): string {
  const folder = fs.mkdtempSync(`${os.tmpdir()}/granary-descriptors-`);
  ["pipe:[1]", "/dev/null", "/dev/tty", ...open].forEach((to, number) =>
    fs.symlinkSync(to, `${folder}/${number}`)
  );
  return folder;
}

/** What is started again for these words; none where the program goes on as it is. */
function startedBy(
  args: string[],
  env: Record<string, string | undefined> = {},
  versions: { bun?: string } = { bun: "1" },
  open: readonly string[] = [],
): Start[] {
  const starts: Start[] = [];
  const execve = (file: string, words: readonly string[], given: Record<string, string>) =>
    void starts.push({ file, args: words, env: given });
  const folder = descriptors(open);
  startAgain(args, { versions, env, execve }, () => ["/bin/granary"], folder);
  fs.rmSync(folder, { recursive: true });
  return starts;
}

Deno.test("work on many granules is started again with the same words and the same environment", () => {
  const words = ["aggregate", "-o", "a store", "--where", "x = 'é'"];
  assert.deepEqual(startedBy(words, { HOME: "/h", EMPTY: "", NONE: undefined }), [{
    file: "/bin/granary",
    args: ["/bin/granary", ...words],
    env: { HOME: "/h", EMPTY: "", BUN_JSC_useFTLJIT: "0", BUN_JSC_numberOfGCMarkers: "1" },
  }]);
  assert.equal(startedBy(["aggregate", "--backend", "local"]).length, 1);
  assert.equal(startedBy(["run", "work", "d", "--task", "0"]).length, 1);
});

Deno.test("what was started again goes on, and programs that it starts do not hear of it", () => {
  const env: Record<string, string | undefined> = {
    BUN_JSC_useFTLJIT: "0",
    BUN_JSC_numberOfGCMarkers: "1",
    HOME: "/h",
  };
  assert.deepEqual(startedBy(["aggregate"], env), []);
  assert.deepEqual(env, { HOME: "/h" });
});

Deno.test("plans, short commands, other runtimes and environments that are no text are left alone", () => {
  for (
    const plan of [["--dry-run"], ["--plan-only", "-o", "s"], ["--backend=slurm"], ["--backend", "lambda"]]
  ) {
    assert.deepEqual(startedBy(["aggregate", "-c", "atl06", ...plan]), []);
  }
  for (const args of [[], ["--version"], ["catalog", "info"], ["run", "status"], ["help", "aggregate"]]) {
    assert.deepEqual(startedBy(args), []);
  }
  assert.deepEqual(startedBy(["aggregate"], {}, {}), []);
  assert.deepEqual(startedBy(["aggregate"], { TMPDIR: "/a\ufffdb" }), []);
  assert.deepEqual(startedBy(["aggregate"], { "A\ufffd": "1" }), []);
  assert.deepEqual(startedBy(["aggregate", "-o", "\ufffd.zarr"]), []);
  startAgain(["aggregate"], { versions: { bun: "1" }, env: {} }, () => ["/bin/granary"]);
});

Deno.test("a process that was given open files, which would be closed, goes on as it is", () => {
  const startsWith = (open: string[]) => startedBy(["aggregate"], {}, undefined, open).length;
  assert.equal(startsWith(["anon_inode:[eventpoll]", "anon_inode:[eventfd]", "/dev/null"]), 1);
  assert.equal(startsWith(["anon_inode:[eventpoll]", "pipe:[7]"]), 0);
  assert.equal(startsWith(["/data/a lock"]), 0);
});

Deno.test("where nothing tells which files are open nothing is started again", () => {
  const execve = () => assert.fail("started again");
  startAgain(["aggregate"], { versions: { bun: "1" }, env: {}, execve }, () => ["/bin/granary"], "/none");
});

Deno.test("a binary that cannot be started again does its work as it is", () => {
  const execve = () => {
    throw new Error("ENOENT");
  };
  const folder = descriptors([]);
  startAgain(["aggregate"], { versions: { bun: "1" }, env: {}, execve }, () => ["/gone"], folder);
  fs.rmSync(folder, { recursive: true });
});
