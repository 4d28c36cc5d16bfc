/** Programs of Debian's that the tests drive; installed where this is root and apt is there. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";

const SYSTEM_PATH = ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin", "/sbin"];

export interface DebianPeer {
  /** A file name in the system's path that the packages bring. */
  program: string;
  packages: readonly string[];
}

export const DEBIAN_PEERS: readonly DebianPeer[] = [
  { program: "zsh", packages: ["zsh"] },
  { program: "fish", packages: ["fish"] },
  { program: "slurmctld", packages: ["slurm-wlm", "munge"] },
];

const INSTALL_LIMIT_MS = 600_000;

function isThere({ program }: DebianPeer): boolean {
  return SYSTEM_PATH.some((folder) => fs.existsSync(path.join(folder, program)));
}

/** Installs what is missing, all at once; says what could not be had. */
export function prepareDebian(): void {
  const missing = DEBIAN_PEERS.filter((peer) => !isThere(peer));
  if (missing.length === 0) return;
  const names = missing.map(({ program }) => program).join(", ");
  if (process.getuid?.() !== 0) {
    return console.log(`not installed: ${names} (only root can; their tests are skipped)`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const packages = missing.flatMap((peer) => peer.packages);
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", ...packages]]) {
    const run = spawnSync("apt-get", args, { stdio: "ignore", env, timeout: INSTALL_LIMIT_MS });
    if (run.error !== undefined) return console.log(`not installed: ${names} (${run.error.message})`);
  }
  const left = missing.filter((peer) => !isThere(peer)).map(({ program }) => program);
  if (left.length > 0) console.log(`not installed: ${left.join(", ")} (apt-get brought no such program)`);
}
