import assert from "node:assert/strict";
import { WholeMemory } from "../../../../core/access/whole_memory.ts";

Deno.test("memory of files that are held whole is bounded, and is used again for files of about its length", () => {
  const memory = new WholeMemory();
  const first = memory.take(1000, 2500);
  assert.ok(first !== undefined && first.length >= 1000);
  const second = memory.take(1000, 2500);
  assert.ok(second !== undefined && second.buffer !== first.buffer);
  assert.equal(memory.take(1000, 2500), undefined, "no more than that is in use");
  memory.give(first);
  assert.equal(memory.take(950, 2500), first);
  memory.give(first);
  assert.equal(memory.take(2000, 2500), undefined, "what is in use leaves no room for it");
  const short = memory.take(100, 2500);
  assert.ok(
    short !== undefined && short.length < first.length,
    "memory that is much too long waits for another",
  );
});
