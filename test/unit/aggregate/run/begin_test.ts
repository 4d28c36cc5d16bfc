import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Plan } from "../../../../aggregate/plan/plan.ts";
import { underLease } from "../../../../aggregate/run/begin.ts";
import { RunDirectory } from "../../../../aggregate/run_directory/run_directory.ts";
import { askAhead, knownTarget } from "../../../../core/access/known_target.ts";
import type { ObjectTarget } from "../../../../core/access/object_target.ts";
import { lastLease, Lease } from "../../../../runs/lease.ts";
import { NotingTarget } from "../../../support/noting_target.ts";

const PLAN = {
  store: { layout: "compact", parentOrder: 6, parents: [0], parentsPerShard: 1, levels: [12] },
} as unknown as Plan;

Deno.test("a store that another run made since its place was looked at is not written over unasked", async () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "granary-begin-"));
  try {
    const there = { store: new NotingTarget(), run: new NotingTarget() };
    const store = knownTarget(there.store as unknown as ObjectTarget);
    const run = there.run as unknown as ObjectTarget;
    const runDirectory = RunDirectory.at(run, scratch).known();
    const other = await Lease.take(run);
    await Promise.all([askAhead(store), askAhead(runDirectory.target)]);
    there.store.objects.set("zarr.json", new Uint8Array(2));
    there.run.objects.set("report.json", new Uint8Array(2));
    await other.release();
    let hasBegun = false;
    const begin = underLease(PLAN, { store, runDirectory }, () => Promise.resolve(hasBegun = true));
    await assert.rejects(begin, /something is there already \(1 file\); nothing was changed/);
    assert.equal(hasBegun, false);
    assert.deepEqual([...there.store.objects.keys()], ["zarr.json"]);
    assert.ok(there.run.objects.has("report.json"));
    // Its lease is given up: the next run that is told what to do need not wait.
    await (await Lease.take(run)).release();
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
});

Deno.test("a run that finds a store made meanwhile, and is refused, leaves its place to the one that made it", async () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "granary-begin-"));
  try {
    const there = { store: new NotingTarget(), run: new NotingTarget(), beside: new NotingTarget() };
    Object.assign(there.beside, { name: "s3://bucket/store.run" });
    const store = knownTarget(there.store as unknown as ObjectTarget);
    const besideStore = there.beside as unknown as ObjectTarget;
    const runDirectory = RunDirectory.at(there.run as unknown as ObjectTarget, scratch).known();
    const other = await Lease.take(besideStore, { claim: "other", run: "/other" });
    await Promise.all([askAhead(store), askAhead(runDirectory.target)]);
    there.store.objects.set("zarr.json", new Uint8Array(2));
    await other.release();
    const begin = underLease(PLAN, { store, runDirectory, besideStore }, () => Promise.resolve());
    await assert.rejects(begin, /something is there already/);
    assert.equal((await lastLease(besideStore))?.holder?.claim, "other");
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
});

/** What is asked of a store's place and a run's, and when the run is told that it may read. */
async function askedOf(before: (run: NotingTarget, store: NotingTarget) => Promise<void> | void) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "granary-begin-"));
  try {
    const there = { store: new NotingTarget(), run: new NotingTarget() };
    await before(there.run, there.store);
    const from = there.run.asked.length;
    const store = knownTarget(there.store as unknown as ObjectTarget);
    const runDirectory = RunDirectory.at(there.run as unknown as ObjectTarget, scratch).known();
    const onAdmitted = () => there.run.asked.push("admitted");
    const begun = underLease(
      PLAN,
      { store, runDirectory, onAdmitted },
      () => Promise.reject(new Error("enough")),
    );
    const error = await begun.catch((error: Error) => error.message);
    return { error, asked: there.run.asked.slice(from) };
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
}

Deno.test("where nobody was a run may read once its places were looked at, before its lease is taken", async () => {
  const { asked } = await askedOf(() => {});
  assert.deepEqual(asked.slice(0, 3), ["list ", "admitted", "new lease.1"]);
});

Deno.test("a run that is refused, or that comes after another, reads nothing before it has its place", async () => {
  const refused = await askedOf((_run, store) => void store.objects.set("zarr.json", new Uint8Array(2)));
  assert.match(String(refused.error), /something is there already/);
  assert.ok(!refused.asked.includes("admitted"));
  const held = await askedOf(async (run) => void await Lease.take(run as unknown as ObjectTarget));
  assert.match(String(held.error), /the run is held by/);
  assert.ok(!held.asked.includes("admitted"));
});
