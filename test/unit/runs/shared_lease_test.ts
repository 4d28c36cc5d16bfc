import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { FolderTarget } from "../../../core/access/folder_target.ts";
import { Lease, type LeaseHolder, type LeaseOptions } from "../../../runs/lease.ts";
import { shareLease } from "../../../runs/shared_lease.ts";
import { Hold, type PlaceHolder, shareHold } from "../../../runs/slurm/hold.ts";

async function inFolder(run: (target: FolderTarget, folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-shared-lease-"));
  try {
    await run(new FolderTarget(folder), folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const runOf = (claim: string): LeaseOptions => ({
  claim,
  run: `/${claim}`,
  held: "store.zarr",
  isOwn: (holder: LeaseHolder) => holder.claim === claim,
});

const leases = (folder: string) => fs.readdirSync(folder).filter((name) => name.startsWith("lease."));

Deno.test("a task at work keeps its run's place from another run, and silence gives it away", () =>
  inFolder(async (target, folder) => {
    await (await Lease.take(target, runOf("a"))).release();
    const task = await shareLease(target, { ...runOf("a"), heartbeatSeconds: 0.05 });
    await assert.rejects(
      Lease.take(target, { ...runOf("b"), leaseSeconds: 5 }),
      /store\.zarr: the run in \/a writes there, by tasks, the last of them process \d+ on .*wait for it/,
    );
    await task.leave();
    const other = await Lease.take(target, { ...runOf("b"), leaseSeconds: 0.3 });
    await assert.rejects(
      shareLease(target, runOf("a")),
      /store\.zarr: the run in \/b has taken this place since .*, so \/a has it no more; nothing was done/,
    );
    await other.release();
    await assert.rejects(shareLease(target, runOf("a")), /the run in \/b has taken/);
    assert.deepEqual(leases(folder), ["lease.2"]);
  }));

Deno.test("of several tasks of a run each may end, and its own run need not wait for any", () =>
  inFolder(async (target, folder) => {
    const tasks = await Promise.all(Array.from({ length: 5 }, () => shareLease(target, runOf("a"))));
    assert.deepEqual(leases(folder), ["lease.1"]);
    const whole = await Lease.take(target, { ...runOf("a"), goesOn: true, leaseSeconds: 600 });
    await whole.release();
    for (const task of tasks) await task.leave();
  }));

Deno.test("a task does not write into the lease of a process or a batch job that holds its run", () =>
  inFolder(async (target, folder) => {
    const lease = await Lease.take(target, runOf("a"));
    const said = () => fs.readFileSync(path.join(folder, "lease.1"), "utf8");
    const before = said();
    await (await shareLease(target, runOf("a"))).leave();
    assert.equal(said(), before);
    await lease.handOver("slurm:5");
    const handed = said();
    await (await shareLease(target, runOf("a"))).leave();
    assert.equal(said(), handed);
    await assert.rejects(
      Lease.take(target, { ...runOf("b"), jobAlive: () => Promise.resolve(true) }),
      /the run in \/a writes there, by batch job slurm:5/,
    );
  }));

Deno.test("a run that goes on does not take a place that another had last; one that wrote nothing leaves it to whom it was", () =>
  inFolder(async (target) => {
    const first = await Lease.take(target, runOf("a"));
    await first.release();
    const second = await Lease.take(target, runOf("b"));
    await second.release(second.before);
    await (await Lease.take(target, { ...runOf("a"), goesOn: true })).release();
    await (await Lease.take(target, runOf("b"))).release();
    await assert.rejects(
      Lease.take(target, { ...runOf("a"), goesOn: true }),
      /the run in \/b has taken this place/,
    );
  }));

Deno.test("a run of before places were held is known by its directory, and another of that time by when it was there", () =>
  inFolder(async (target, folder) => {
    const directory = new FolderTarget(path.join(folder, "own"));
    const place = { beside: target, held: "store.zarr", claim: undefined, run: "/a", created: "2026-01-02" };
    const hold = await Hold.take(directory, place);
    await hold.release();
    await (await shareHold(directory, place)).leave();
    const old = (since: string) =>
      fs.writeFileSync(
        path.join(folder, "lease.9"),
        JSON.stringify({ host: "x", pid: 1, processStarted: "", boot: "", since, beat: 0, released: true }),
      );
    old("2026-01-01");
    await (await shareHold(directory, place)).leave();
    old("2026-01-03");
    await assert.rejects(shareHold(directory, place), /has taken this place since 2026-01-03/);
  }));

const placeOf = (claim: string, beside: FolderTarget | null, run = `/${claim}`): PlaceHolder => ({
  beside,
  held: "store.zarr",
  claim,
  run,
  created: undefined,
});

Deno.test("a run that wrote nothing leaves the place to whom it was, also where its own directory is the place", () =>
  inFolder(async (target, folder) => {
    const own = new FolderTarget(path.join(folder, "own"));
    const elsewhere = placeOf("a", target);
    await (await Hold.take(own, elsewhere)).release();
    await (await Hold.take(target, placeOf("b", null))).release(true);
    await (await Hold.take(own, elsewhere, { goesOn: true })).release();
  }));

Deno.test("a run that is refused its directory leaves the place as it was", () =>
  inFolder(async (target, folder) => {
    const own = new FolderTarget(path.join(folder, "own")), taken = new FolderTarget(path.join(folder, "b"));
    const beside = new FolderTarget(path.join(folder, "beside"));
    const other = await Lease.take(taken);
    await assert.rejects(Hold.take(taken, placeOf("b", beside)), /the run is held by/);
    assert.ok(!fs.existsSync(beside.name), "nobody had it before");
    await (await Hold.take(own, placeOf("a", target))).release();
    await assert.rejects(Hold.take(taken, placeOf("b", target)), /the run is held by/);
    await (await Hold.take(own, placeOf("a", target), { goesOn: true })).release();
    await other.release();
  }));

Deno.test("a place that is given back to a run of before places were held is known by when that was there", () =>
  inFolder(async (target, folder) => {
    const own = new FolderTarget(path.join(folder, "own"));
    const holder = {
      host: "x",
      pid: 1,
      processStarted: "",
      boot: "",
      since: "2026-01-01",
      beat: 0,
      released: true,
    };
    fs.writeFileSync(path.join(folder, "lease.1"), JSON.stringify(holder));
    await (await Hold.take(new FolderTarget(path.join(folder, "b")), placeOf("b", target))).release(true);
    const old = { ...placeOf("a", target), claim: undefined, created: "2026-01-02" };
    await (await shareHold(own, old)).leave();
  }));

Deno.test("directories of one path on two machines are two runs, unless they are of one claim", () =>
  inFolder(async (target, folder) => {
    const own = new FolderTarget(path.join(folder, "own"));
    const leave = (holder: Partial<LeaseHolder>) => {
      const whole = { host: "elsewhere", pid: 1, processStarted: "", boot: "", since: "2026-01-01", beat: 0 };
      fs.writeFileSync(path.join(folder, "lease.9"), JSON.stringify({ ...whole, ...holder, released: true }));
    };
    const place = placeOf("a", target, "/work/x.run");
    leave({ run: "/work/x.run", claim: "b" });
    await assert.rejects(
      shareHold(own, place),
      /the run in \/work\/x\.run on elsewhere has taken this place/,
    );
    leave({ run: "/mounted/elsewhere/x.run", claim: "a" });
    await (await shareHold(own, place)).leave();
    leave({ run: "/work/x.run", claim: "b", host: os.hostname() });
    await (await shareHold(own, place)).leave();
    leave({ run: "s3://bucket/x.run", claim: "b" });
    await (await shareHold(own, { ...place, run: "s3://bucket/x.run" })).leave();
  }));

Deno.test("a task that slept until another run took its place is told so, and one whose place nobody took goes on", () =>
  inFolder(async (target) => {
    const sleep = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    const heartbeat = () => new Promise((resolve) => setTimeout(resolve, 120));
    await (await Lease.take(target, runOf("a"))).release();
    const task = await shareLease(target, { ...runOf("a"), heartbeatSeconds: 0.05 });
    sleep();
    await task.mustBeHeld();
    // Neither does its own run end it, which goes on beside it.
    await (await Lease.take(target, { ...runOf("a"), goesOn: true })).release();
    sleep();
    await task.mustBeHeld();
    sleep();
    const other = await Lease.take(target, runOf("b"));
    await heartbeat(); // which comes after the silence, and does not hide it
    await assert.rejects(task.mustBeHeld(), /the run in \/b has taken this place since/);
    await task.leave();
    await other.release();
  }));
