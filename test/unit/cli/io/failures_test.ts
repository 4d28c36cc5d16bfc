import assert from "node:assert/strict";
import type { CliContext } from "../../../../cli/io/context.ts";
import { failOnFailures } from "../../../../cli/io/failures.ts";
import { GranaryError } from "../../../../core/errors.ts";

function contextOf(lines: string[]): CliContext {
  return { log: { error: (line: string) => void lines.push(line) } } as unknown as CliContext;
}

Deno.test("nothing failed: nothing is said", () => {
  const lines: string[] = [];
  failOnFailures([], "never", contextOf(lines));
  assert.deepEqual(lines, []);
});

Deno.test("each failure is named once, what is past twenty counted, and the exit code is 3", () => {
  const lines: string[] = [];
  const failed = Array.from({ length: 23 }, (_, i) => ({ collection: "A.1", id: `g${i}`, reason: "gone" }));
  failed[1].reason = "g1: says so itself";
  assert.throws(() => failOnFailures(failed, "23 failed", contextOf(lines)), (error: Error) => {
    assert.ok(error instanceof GranaryError && error.exitCode === 3);
    assert.equal((error.details?.failed as string[]).length, 23);
    return true;
  });
  assert.equal(lines.length, 21);
  assert.equal(lines[0], "A.1 g0: gone");
  assert.equal(lines[1], "g1: says so itself");
  assert.match(lines[20], /^3 more failed/);
});
