/** Programs that tests try granary with, which are packages of Debian: installed where that is possible. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import process from "node:process";
import { runToEnd } from "./run_to_end.ts";

interface DebianPeer {
  /** The package. */
  name: string;
  suites: readonly string[];
  isThere(): boolean;
}

const runs = (program: string) => () => spawnSync(program, ["-c", "exit 0"]).status === 0;

const PEERS: readonly DebianPeer[] = [
  { name: "zsh", suites: ["acceptance"], isThere: runs("zsh") },
  { name: "fish", suites: ["acceptance"], isThere: runs("fish") },
  {
    name: "postgresql",
    suites: ["unit", "interop"],
    isThere: () => fs.existsSync("/usr/lib/postgresql"),
  },
  {
    name: "postgresql-15-postgis-3",
    suites: ["interop"],
    isThere: () => fs.existsSync("/usr/share/postgresql/15/extension/postgis.control"),
  },
  {
    name: "chromium",
    suites: ["interop"],
    isThere: () => fs.existsSync("/usr/bin/chromium"),
  },
  {
    name: "python3-gdal",
    suites: ["interop"],
    isThere: () => fs.existsSync("/usr/lib/python3/dist-packages/osgeo"),
  },
  { name: "aria2", suites: ["bench"], isThere: () => fs.existsSync("/usr/bin/aria2c") },
  { name: "curl", suites: ["bench"], isThere: () => fs.existsSync("/usr/bin/curl") },
];
const INSTALL_LIMIT_MS = 400_000;

/**
 * Installs what the suites need and is missing, as root on a system with apt; elsewhere its tests are
 * skipped, visibly. No service is started: tests start their own.
 */
export async function prepareDebianPeers(suites: readonly string[]): Promise<void> {
  const missing = PEERS.filter((peer) => peer.suites.some((suite) => suites.includes(suite)))
    .filter((peer) => !peer.isThere()).map(({ name }) => name);
  if (missing.length === 0 || process.getuid?.() !== 0 || process.platform !== "linux") return;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const apt = (...args: string[]) => runToEnd("apt-get", args, { env, timeoutMs: INSTALL_LIMIT_MS });
  const install = ["install", "--yes", "--quiet", "--no-install-recommends", ...missing];
  if ((await apt(...install)).code === 0) return;
  // The lists of packages may be older than the packages.
  await apt("update", "--quiet");
  const { code, error, stderr } = await apt(...install);
  if (code !== 0) {
    const reason = error ?? stderr.trim().split("\n").at(-1);
    console.log(`${missing.join(", ")} cannot be installed (${reason})`);
  }
}
