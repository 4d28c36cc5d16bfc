import assert from "node:assert/strict";
import { WholeFiles } from "../../../../core/access/whole_files.ts";

const SIZE = 10_000_000;

Deno.test("files are worth reading whole once nearly all of each of the last ones was asked for", () => {
  const files = new WholeFiles();
  const worthwhile = () => files.areWorthwhile(SIZE, 4);
  assert.equal(worthwhile(), false, "nothing is known yet, and they are few");
  files.seen(0.95);
  assert.equal(worthwhile(), true);
  files.seen(0.3);
  assert.equal(worthwhile(), false);
  for (let i = 0; i < 8; i++) files.seen(1);
  assert.equal(worthwhile(), true, "the one with little is long ago");
});

Deno.test("of many files the first sixth is read whole on a guess, until one was read, and none that is large", () => {
  const guessed = (files: WholeFiles, size: number, expected: number) =>
    Array.from({ length: 20 }, () => {
      const yes = files.areWorthwhile(size, expected);
      if (yes) files.began();
      return yes;
    }).filter((yes) => yes).length;
  assert.equal(guessed(new WholeFiles(), SIZE, 48), 8);
  assert.equal(guessed(new WholeFiles(), SIZE, 5), 0);
  assert.equal(guessed(new WholeFiles(), 100_000_000, 48), 0);
  const files = new WholeFiles();
  assert.equal(files.areWorthwhile(SIZE, 48), true);
  files.seen(0.1);
  assert.equal(files.areWorthwhile(SIZE, 48), false, "the guess was wrong");
});

Deno.test("of files of unknown size the first sixth may begin on a guess, then all while nearly all is asked for", () => {
  const files = new WholeFiles();
  const begun = (count: number) =>
    Array.from({ length: count }, () => files.mayBegin(48)).filter((yes) => yes).length;
  assert.equal(begun(20), 8);
  files.seen(0.9);
  assert.equal(begun(20), 20);
  files.seen(0.1);
  assert.equal(begun(20), 0);
});
