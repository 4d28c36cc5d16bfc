/** The shells whose completion scripts the tests try: Debian packages, installed where that is possible. */
import { spawnSync } from "node:child_process";
import process from "node:process";

const SHELLS = ["zsh", "fish"] as const;
const INSTALL_LIMIT_MS = 240_000;

/** Installs what is missing, as root on a system with apt; elsewhere its tests are skipped, visibly. */
export function prepareShells(): void {
  const missing = SHELLS.filter((name) => spawnSync(name, ["-c", "exit 0"]).status !== 0);
  if (missing.length === 0 || process.getuid?.() !== 0 || process.platform !== "linux") return;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) =>
    spawnSync("apt-get", args, { env, encoding: "utf8", timeout: INSTALL_LIMIT_MS });
  const install = ["install", "--yes", "--quiet", "--no-install-recommends", ...missing];
  if (apt(...install).status === 0) return;
  // The lists of packages may be older than the packages.
  apt("update", "--quiet");
  const { status, error, stderr } = apt(...install);
  if (status !== 0) {
    const reason = error?.message ?? stderr.trim().split("\n").at(-1);
    console.log(`acceptance: ${missing.join(", ")} cannot be installed (${reason})`);
  }
}
