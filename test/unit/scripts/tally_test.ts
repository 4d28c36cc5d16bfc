import assert from "node:assert/strict";
import { addTallies, tallyOf, tallyText } from "../../../scripts/tally.ts";

Deno.test("the sum line of a run is read, with its ignored tests by name", () => {
  const output = [
    "a test ... ok (3ms)",
    "another, of zsh ... ignored (0ms)",
    "",
    "ok | 120 passed (3 steps) | 0 failed | 1 ignored (1m12s)",
  ].join("\n");
  assert.deepEqual(tallyOf(0, output), {
    tally: { passed: 120, failed: 0, skipped: 1 },
    ignored: ["another, of zsh"],
  });
});

Deno.test("colours do not hide the counts", () => {
  const output = "\x1b[0m\x1b[31mFAILED\x1b[0m | 4 passed | 2 failed \x1b[38;5;245m(1s)\x1b[0m\n";
  assert.deepEqual(tallyOf(1, output).tally, { passed: 4, failed: 2, skipped: 0 });
});

Deno.test("a process that ends badly without a count has failed", () => {
  assert.equal(tallyOf(1, "error: Module not found").tally.failed, 1);
  assert.equal(tallyOf(137, "ok | 3 passed | 0 failed (1s)").tally.failed, 1);
  assert.equal(tallyOf(0, "ok | 3 passed | 0 failed (1s)").tally.failed, 0);
});

Deno.test("skipped tests are reported only where there are any", () => {
  const sum = addTallies({ passed: 1, failed: 0, skipped: 0 }, { passed: 2, failed: 1, skipped: 0 });
  assert.equal(tallyText(sum), "3 passed, 1 failed");
  assert.equal(tallyText({ ...sum, skipped: 2 }), "3 passed, 1 failed, 2 skipped");
});
