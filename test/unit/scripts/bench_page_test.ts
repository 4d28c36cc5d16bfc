import assert from "node:assert/strict";
import { type BenchMachine, benchPage, benchTable, busyNote } from "../../../scripts/bench_page.ts";

const quiet: BenchMachine = {
  date: "2026-03-04",
  processor: "A Processor",
  cores: 8,
  memoryBytes: 16 * 2 ** 30,
  loadBefore: 0.4,
  versions: [["granary", "1.2.3"], ["Bun", "9.8.7"]],
};
const rows = [
  { what: "one | other", figure: "0.50 (0.40 to 0.60)", wanted: "at most 0.6" },
  { what: "start", figure: "0.02 s", wanted: null },
];

Deno.test("a page of benchmarks says when, on what machine, with what versions", () => {
  const page = benchPage(quiet, rows);
  for (const said of ["2026-03-04", "A Processor, 8 cores, 16 GiB", "granary 1.2.3, Bun 9.8.7"]) {
    assert.ok(page.includes(said), said);
  }
  assert.ok(!page.includes("busy"));
  assert.ok(page.endsWith(benchTable(rows)));
});

Deno.test("a busy machine is said, and with what load", () => {
  assert.equal(busyNote(quiet), "");
  const busy = { ...quiet, loadBefore: 11.26 };
  assert.match(busyNote(busy), /busy with other work \(a load of 11\.3 on 8 cores/);
  assert.ok(benchPage(busy, rows).includes(busyNote(busy)));
});

Deno.test("the table has a line for each figure, with what is wanted of it", () => {
  assert.deepEqual(benchTable(rows).split("\n"), [
    "| measured | figure | wanted |",
    "| --- | --- | --- |",
    "| one \\| other | 0.50 (0.40 to 0.60) | at most 0.6 |",
    "| start | 0.02 s |  |",
    "",
  ]);
});
