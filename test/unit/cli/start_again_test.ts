import assert from "node:assert/strict";
import { startAgain } from "../../../cli/start_again.ts";

type Start = { file: string; args: readonly string[]; env: Record<string, string> };

/** What is started again for these words; none where the program goes on as it is. */
function startedBy(
  args: string[],
  env: Record<string, string | undefined> = {},
  versions: { bun?: string } = { bun: "1" },
): Start[] {
  const starts: Start[] = [];
  const execve = (file: string, words: readonly string[], given: Record<string, string>) =>
    void starts.push({ file, args: words, env: given });
  startAgain(args, { versions, env, execve }, () => ["/bin/granary"]);
  return starts;
}

Deno.test("work on many granules is started again with the same words and the same environment", () => {
  const words = ["aggregate", "-o", "a store", "--where", "x = 'é'"];
  assert.deepEqual(startedBy(words, { HOME: "/h", EMPTY: "", NONE: undefined }), [{
    file: "/bin/granary",
    args: ["/bin/granary", ...words],
    env: { HOME: "/h", EMPTY: "", BUN_JSC_useFTLJIT: "0" },
  }]);
  assert.equal(startedBy(["run", "work", "d", "--task", "0"]).length, 1);
});

Deno.test("what was started again goes on, and programs that it starts do not hear of it", () => {
  const env: Record<string, string | undefined> = { BUN_JSC_useFTLJIT: "0", HOME: "/h" };
  assert.deepEqual(startedBy(["aggregate"], env), []);
  assert.deepEqual(env, { HOME: "/h" });
});

Deno.test("short commands, other runtimes and environments that are no text are left alone", () => {
  for (const args of [[], ["--version"], ["catalog", "info"], ["run", "status"], ["help", "aggregate"]]) {
    assert.deepEqual(startedBy(args), []);
  }
  assert.deepEqual(startedBy(["aggregate"], {}, {}), []);
  assert.deepEqual(startedBy(["aggregate"], { TMPDIR: "/a\ufffdb" }), []);
  assert.deepEqual(startedBy(["aggregate"], { "A\ufffd": "1" }), []);
  startAgain(["aggregate"], { versions: { bun: "1" }, env: {} }, () => ["/bin/granary"]);
});

Deno.test("a binary that cannot be started again does its work as it is", () => {
  const execve = () => {
    throw new Error("ENOENT");
  };
  startAgain(["aggregate"], { versions: { bun: "1" }, env: {}, execve }, () => ["/gone"]);
});
