/** A run says all of what it did, however many parts it was done in. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { granary, temporaryFolder } from "../support/binary.ts";
import { ok, treeDigest } from "../support/run_world.ts";

const folder = temporaryFolder("granary-state-");
const RUN = ["aggregate", "-c", "atl06", "--catalog", "c.parquet", "--json"];

// deno-lint-ignore no-explicit-any
type Report = any;

async function report(args: readonly string[], code = 0): Promise<Report> {
  const { stdout, stderr, code: found } = await granary(args, { cwd: folder });
  assert.equal(found, code, stderr);
  return JSON.parse(stdout);
}

const status = (run: string): Promise<Report> => report(["run", "status", run, "--json"]);

Deno.test("what a run read is the same in one part, by tasks, resumed from saved files, and after it is finished", async () => {
  await ok(["simulate", "granules", "--granules", "4", "--rows", "200"], { cwd: folder });
  await ok(["catalog", "build", "--from", "local", "granules", "-o", "c.parquet"], { cwd: folder });
  const whole = await report([...RUN, "-o", "whole.zarr"]);
  assert.equal(whole.all_parts.granules, 4);
  assert.deepEqual(whole.all_parts.counts, whole.observations);
  const finished = await status("whole.zarr.run");
  assert.equal(finished.finished, true);
  assert.equal(finished.bytes_read, whole.reads.bytes);
  assert.deepEqual(finished.rows, whole.observations);
  assert.ok(finished.worker_seconds.scatter > 0 && finished.worker_seconds.reduce > 0);

  await report([...RUN, "-o", "parts.zarr", "--plan-only", "--batches", "2"]);
  await report(["run", "work", "parts.zarr.run", "--stage", "scatter", "--task", "0", "--json"]);
  const half = await status("parts.zarr.run");
  assert.ok(half.bytes_read > 0 && half.bytes_read < finished.bytes_read);
  const resumed = await report([...RUN, "-o", "parts.zarr", "--resume"]);
  assert.equal(resumed.granules.read + resumed.granules.kept, 4);
  assert.ok(resumed.granules.kept > 0);
  assert.deepEqual(resumed.all_parts.counts, whole.observations);
  assert.deepEqual(resumed.all_parts.reads, whole.reads);
  const again = await report([...RUN, "-o", "parts.zarr", "--resume"]);
  assert.deepEqual(again.all_parts.counts, whole.observations);
  const then = await status("parts.zarr.run");
  assert.deepEqual(then.rows, finished.rows);
  assert.equal(then.bytes_read, finished.bytes_read);
  assert.deepEqual(treeDigest(path.join(folder, "parts.zarr")), treeDigest(path.join(folder, "whole.zarr")));

  await report([...RUN, "-o", "tasks.zarr", "--plan-only", "--batches", "2"]);
  for (const { name, left } of (await status("tasks.zarr.run")).stages) {
    for (const task of left) {
      await report(["run", "work", "tasks.zarr.run", "--stage", name, "--task", String(task), "--json"]);
    }
  }
  await report(["run", "finish", "tasks.zarr.run", "--json"]);
  assert.deepEqual((await status("tasks.zarr.run")).rows, finished.rows);
});

Deno.test("a finished run says which granule failed, and what is without it", async () => {
  const victim = path.join(folder, "granules", fs.readdirSync(path.join(folder, "granules")).sort()[1]);
  const bytes = fs.readFileSync(victim);
  fs.writeFileSync(victim, bytes.subarray(0, 4000));
  const { code } = await granary([...RUN, "-o", "failed.zarr"], { cwd: folder });
  assert.equal(code, 3);
  const reported = await ok(["run", "status", "failed.zarr.run"], { cwd: folder });
  assert.match(reported, /finished +yes, without 1 failed granule/);
  assert.match(reported, /granules +3 of 4 scattered, 1 failed/);
  assert.match(reported, /reduce tasks +\d+ of \d+ done, without failed granules: 0/);
  assert.match(reported, new RegExp(`failed +ATL06.006 ${path.basename(victim)}: .*cut short`));
  assert.doesNotMatch(reported, /0\.00s reading/);

  fs.writeFileSync(victim, bytes);
  const resumed = await ok([...RUN.slice(0, -1), "-o", "failed.zarr", "--resume"], { cwd: folder });
  assert.match(resumed, /granules +4 of 4 read/);
  assert.doesNotMatch(resumed, /outside the selected cells/);
  assert.deepEqual(treeDigest(path.join(folder, "failed.zarr")), treeDigest(path.join(folder, "whole.zarr")));
});
