/** The shell examples run as they stand. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { decode } from "fast-png";
import { ROOT, shell, temporaryFolder } from "../support/binary.ts";

const folder = temporaryFolder("granary-examples-");
const run = (name: string) => shell(`bash ${path.join(ROOT, "examples", name)} ${folder}`);

Deno.test("map.sh makes granules, a store of two levels and a picture", async () => {
  const { code, stdout, stderr } = await run("map.sh");
  assert.equal(code, 0, stderr);
  assert.match(stdout, /h_mean/);
  assert.ok(decode(fs.readFileSync(path.join(folder, "map.png"))).width > 600);
});

Deno.test("busiest_cells.sh names five cells and aggregates the first alone", async () => {
  const { code, stderr } = await run("busiest_cells.sh");
  assert.equal(code, 0, stderr);
  const lines = fs.readFileSync(path.join(folder, "busiest.csv"), "utf8").trim().split("\n");
  assert.equal(lines.length, 6);
  const counts = lines.slice(1).map((line) => Number(line.split(",")[1]));
  assert.deepEqual(counts, [...counts].sort((a, b) => b - a));
  assert.ok(fs.existsSync(path.join(folder, "busiest.zarr", "zarr.json")));
});

Deno.test("every example is named in a test", () => {
  const tests = [
    "acceptance/examples_test.ts",
    "acceptance/feed_example_test.ts",
    "interop/examples_test.ts",
    "interop/notebooks_test.ts",
  ]
    .map((name) => path.join("test", name))
    .map((file) => fs.readFileSync(path.join(ROOT, file), "utf8")).join("");
  for (const name of fs.readdirSync(path.join(ROOT, "examples"))) assert.ok(tests.includes(name), name);
});
