/**
 * A real Slurm on this machine's loopback: munge, a controller and two nodes, in a folder of the test's
 * and ended by their process ids. Root and Debian's slurm-wlm and munge are needed; they are installed
 * where apt can do it.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";

const PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel"];
const SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** Why there is no Slurm for a test here; undefined where there is one, installed if need be. */
export function slurmMissing(): string | undefined {
  if (process.getuid?.() !== 0) return "the test's Slurm runs as root";
  if (missing().length === 0) return undefined;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = ["install", "-y", "--no-install-recommends", "slurm-wlm", "munge"];
  for (const args of [install, ["update"], install]) {
    const run = spawnSync("apt-get", args, { stdio: "ignore", env, timeout: 300_000 });
    if (run.error !== undefined) return `no apt-get: ${run.error.message}`;
    if (missing().length === 0) return undefined;
  }
  return `not installed: ${missing().join(", ")}`;
}

function missing(): string[] {
  const folders = SYSTEM_PATH.split(":");
  return PROGRAMS.filter((name) => !folders.some((folder) => fs.existsSync(path.join(folder, name))));
}

export interface TestSlurm {
  /** For programs that talk to it. */
  env: Record<string, string>;
  /** Runs a program of Slurm's; returns its output. */
  run(program: string, ...args: string[]): string;
  stop(): Promise<void>;
}

/** `settings` are lines of slurm.conf, over those of the test's own. */
export async function startSlurm(nodes = 2, settings: Record<string, string> = {}): Promise<TestSlurm> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-slurm-"));
  fs.chmodSync(folder, 0o755);
  const at = (name: string) => path.join(folder, name);
  const [controller, ...ports] = await freePorts(nodes + 1);
  const cores = Math.max(1, os.availableParallelism());
  fs.writeFileSync(
    at("slurm.conf"),
    [
      "ClusterName=granary",
      `SlurmctldHost=${os.hostname()}(127.0.0.1)`,
      `SlurmctldPort=${controller}`,
      "SlurmUser=root",
      "SlurmdUser=root",
      "AuthType=auth/munge",
      `AuthInfo=socket=${at("munge.socket")}`,
      "CryptoType=crypto/munge",
      `StateSaveLocation=${at("state")}`,
      `SlurmdSpoolDir=${at("spool")}/%n`,
      `SlurmctldPidFile=${at("slurmctld.pid")}`,
      `SlurmdPidFile=${at("slurmd")}.%n.pid`,
      `SlurmctldLogFile=${at("slurmctld.log")}`,
      `SlurmdLogFile=${at("slurmd")}.%n.log`,
      "ProctrackType=proctrack/linuxproc",
      "TaskPlugin=task/none",
      "SelectType=select/cons_tres",
      "SelectTypeParameters=CR_Core_Memory",
      ...Object.entries({ MaxArraySize: "4", MinJobAge: "300", ...settings })
        .map(([name, value]) => `${name}=${value}`),
      "JobAcctGatherType=jobacct_gather/none",
      "AccountingStorageType=accounting_storage/none",
      "ReturnToService=2",
      "KillWait=15",
      "SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0,sched_interval=2,bf_interval=2",
      // Each node says that it has cores enough for a few tasks, whatever this machine has.
      ...ports.map((port, n) =>
        `NodeName=node${n} NodeHostname=${os.hostname()} NodeAddr=127.0.0.1 Port=${port} CPUs=${
          Math.max(2, cores)
        } RealMemory=8000 State=UNKNOWN`
      ),
      "SlurmdParameters=config_overrides",
      "PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP",
    ].join("\n") + "\n",
  );
  for (const name of ["state", "spool"]) fs.mkdirSync(at(name), { mode: 0o755 });
  fs.writeFileSync(at("munge.key"), crypto.getRandomValues(new Uint8Array(128)), { mode: 0o400 });
  fs.chmodSync(at("munge.key"), 0o400);
  const env = { PATH: SYSTEM_PATH, SLURM_CONF: at("slurm.conf"), LANG: "C.UTF-8" };
  const children: ChildProcess[] = [];
  const start = (program: string, ...args: string[]) => {
    const log = fs.openSync(at(`${program}-${children.length}.out`), "w");
    const child = spawn(program, args, { env, stdio: ["ignore", log, log] });
    fs.closeSync(log);
    children.push(child);
  };
  const stop = async () => {
    for (const child of children.reverse()) await ended(child);
    fs.rmSync(folder, { recursive: true, force: true });
  };
  const run = (program: string, ...args: string[]) => {
    const answer = spawnSync(program, args, { env, encoding: "utf8" });
    if (answer.status !== 0) throw new Error(`${program} ${args.join(" ")}: ${answer.stderr}`);
    return answer.stdout;
  };
  try {
    start(
      "munged",
      "--foreground",
      "--force",
      `--key-file=${at("munge.key")}`,
      `--socket=${at("munge.socket")}`,
      `--pid-file=${at("munge.pid")}`,
      `--log-file=${at("munge.log")}`,
      `--seed-file=${at("munge.seed")}`,
    );
    await until("munged", () => fs.existsSync(at("munge.socket")));
    start("slurmctld", "-D", "-c");
    for (let n = 0; n < nodes; n++) start("slurmd", "-D", "-N", `node${n}`);
    await until("two idle nodes", () => {
      const answer = spawnSync("sinfo", ["-h", "-N", "-o", "%T"], { env, encoding: "utf8" });
      return (answer.stdout.match(/^idle$/gm) ?? []).length === nodes;
    });
    return { env: { SLURM_CONF: at("slurm.conf") }, run, stop };
  } catch (error) {
    const logs = fs.readdirSync(folder).filter((name) => /\.(log|out)$/.test(name))
      .map((name) => `${name}: ${fs.readFileSync(at(name), "utf8").slice(-1500)}`);
    await stop();
    throw new Error(`${(error as Error).message}\n${logs.join("\n")}`);
  }
}

async function until(what: string, there: () => boolean): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (there()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no ${what} within 30 seconds`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer());
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await new Promise<void>((resolve) => server.close(() => resolve()));
  return ports;
}
