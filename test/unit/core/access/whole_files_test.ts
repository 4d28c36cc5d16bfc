import assert from "node:assert/strict";
import { WholeFiles } from "../../../../core/access/whole_files.ts";

Deno.test("files are worth reading whole once nearly all of each of the last ones was asked for", () => {
  const files = new WholeFiles();
  assert.equal(files.areWorthwhile, false, "nothing is known yet");
  files.seen(0.95);
  assert.equal(files.areWorthwhile, true);
  files.seen(0.3);
  assert.equal(files.areWorthwhile, false);
  for (let i = 0; i < 8; i++) files.seen(1);
  assert.equal(files.areWorthwhile, true, "the one with little is long ago");
});
