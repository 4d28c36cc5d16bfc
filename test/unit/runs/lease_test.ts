import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { FolderTarget } from "../../../core/access/folder_target.ts";
import { Lease, type LeaseHolder } from "../../../runs/lease.ts";

async function inFolder(run: (target: FolderTarget, folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-lease-"));
  try {
    await run(new FolderTarget(folder), folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** The kernel's start, and the processes that this one sees. */
const bootOfContainer = (): string =>
  `${fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${
    fs.readlinkSync("/proc/self/ns/pid")
  }`;

const leases = (folder: string) => fs.readdirSync(folder).filter((name) => name.startsWith("lease."));
const holderIn = (folder: string): LeaseHolder =>
  JSON.parse(fs.readFileSync(path.join(folder, leases(folder)[0]), "utf8"));

/** Leaves the lease of somebody else. */
function leaveLease(folder: string, holder: Partial<LeaseHolder>): string {
  const file = path.join(folder, "lease.7");
  const whole: LeaseHolder = {
    host: "elsewhere",
    pid: 4321,
    processStarted: "1",
    boot: "another boot",
    since: "2026-11-21T00:00:00Z",
    beat: 0,
    ...holder,
  };
  fs.writeFileSync(file, JSON.stringify(whole));
  return file;
}

Deno.test("a second run is refused while the first lives, with its holder's name", () =>
  inFolder(async (target) => {
    const first = await Lease.take(target);
    await assert.rejects(
      Lease.take(target),
      new RegExp(`held by process ${Deno.pid} on ${os.hostname()} since .*--resume`),
    );
    await first.release();
    await (await Lease.take(target)).release();
  }));

Deno.test("of many that take a lease at once one gets it", () =>
  inFolder(async (target) => {
    const taken = await Promise.allSettled(Array.from({ length: 12 }, () => Lease.take(target)));
    const got = taken.filter((outcome) => outcome.status === "fulfilled");
    assert.equal(got.length, 1);
    await got[0].value.release();
  }));

Deno.test("a lease that another removed, whose own is gone again, is not held", () =>
  inFolder(async (_, folder) => {
    class Overtaken extends FolderTarget {
      #isFirst = true;
      override async putNew(key: string, bytes: Uint8Array): Promise<boolean> {
        const isPut = await super.putNew(key, bytes);
        if (this.#isFirst) await this.delete(key);
        this.#isFirst = false;
        return isPut;
      }
    }
    const lease = await Lease.take(new Overtaken(folder));
    assert.deepEqual(leases(folder), [lease.key]);
    await lease.release();
  }));

Deno.test("the lease of a process of this machine that is gone is taken at once", () =>
  inFolder(async (target, folder) => {
    const child = spawn("/bin/sleep", ["60"]);
    const stat = fs.readFileSync(`/proc/${child.pid}/stat`, "utf8");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const boot = bootOfContainer();
    leaveLease(folder, { host: os.hostname(), boot, pid: child.pid!, processStarted: started });
    await assert.rejects(Lease.take(target), new RegExp(`held by process ${child.pid}`));
    child.kill("SIGKILL");
    await new Promise((resolve) => child.on("exit", resolve));
    await (await Lease.take(target)).release();
    assert.deepEqual(leases(folder), ["lease.8"]);
  }));

Deno.test("a process id that another process has now is not the holder", () =>
  inFolder(async (target, folder) => {
    const boot = bootOfContainer();
    leaveLease(folder, { host: os.hostname(), boot, pid: Deno.pid, processStarted: "12" });
    await (await Lease.take(target)).release();
  }));

Deno.test("a lease of another machine is taken when it has not changed for long enough", () =>
  inFolder(async (target, folder) => {
    leaveLease(folder, {});
    let waited: string | undefined;
    const lease = await Lease.take(target, {
      leaseSeconds: 0.4,
      onWait: ({ host }) => waited = host,
    });
    assert.equal(waited, "elsewhere");
    await lease.release();
  }));

Deno.test("a heartbeat from another machine keeps its lease", () =>
  inFolder(async (target, folder) => {
    const file = leaveLease(folder, {});
    const timer = setTimeout(() => {
      fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace('"beat":0', '"beat":1'));
    }, 100);
    await assert.rejects(Lease.take(target, { leaseSeconds: 0.6 }), /held by process 4321 on elsewhere/);
    clearTimeout(timer);
  }));

Deno.test("a holder rewrites its lease", () =>
  inFolder(async (target, folder) => {
    const lease = await Lease.take(target, { heartbeatSeconds: 0.02 });
    while (holderIn(folder).beat < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    await lease.release();
    assert.equal(holderIn(folder).released, true);
  }));

Deno.test("a batch job holds the run while its scheduler knows it, and its own last job may take over", () =>
  inFolder(async (target, folder) => {
    const lease = await Lease.take(target);
    await lease.handOver("slurm:5,6");
    assert.equal(holderIn(folder).job, "slurm:5,6");
    const asked: string[] = [];
    const jobAlive = (alive: boolean | undefined) => (job: string) => {
      asked.push(job);
      return Promise.resolve(alive);
    };
    await assert.rejects(
      Lease.take(target, { jobAlive: jobAlive(true) }),
      /held by batch job slurm:5,6/,
    );
    await assert.rejects(Lease.take(target, { jobAlive: jobAlive(undefined) }), /delete lease\.1/);
    await assert.rejects(Lease.take(target), /delete lease\.1/);
    const own = await Lease.take(target, { ownJob: (job) => job.includes("6"), jobAlive: jobAlive(true) });
    await own.handOver("slurm:7");
    await (await Lease.take(target, { jobAlive: jobAlive(false) })).release();
    assert.deepEqual(asked, ["slurm:5,6", "slurm:5,6", "slurm:7"]);
  }));

Deno.test("a lease that was cut short by a crash is dead after its time", () =>
  inFolder(async (target, folder) => {
    fs.writeFileSync(path.join(folder, "lease.3"), '{"host": "x');
    await (await Lease.take(target, { leaseSeconds: 0.2 })).release();
  }));
