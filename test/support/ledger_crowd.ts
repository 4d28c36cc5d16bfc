/** Many processes on one ledger, killed at random moments, begun again until each has done its work. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";

type Work = "poll" | "push" | "drain";

const WORKER = path.join(import.meta.dirname!, "ledger_worker.ts");
const ROOT = path.resolve(import.meta.dirname!, "..", "..");

export interface Crowd {
  address: string;
  /** Granules. */
  count: number;
  /** Where pushers note what was committed. */
  folder: string;
  /** Kills in all, one each so often; none by default. */
  kills?: number;
  killEveryMs?: number;
}

export interface CrowdResult {
  seconds: number;
  kills: number;
  /** What pushers were answered was kept. */
  acknowledged: Set<number>;
}

/** Runs the processes side by side to their ends. Throws where one fails by itself. */
export async function runCrowd(work: readonly Work[], crowd: Crowd): Promise<CrowdResult> {
  const started = performance.now();
  const running = new Map<number, { kill(): void; since: number }>();
  let kills = 0;
  const end = new Map<number, string>();
  const one = async (kind: Work, index: number) => {
    for (;;) {
      const args = [
        ...["run", "--allow-all", "--no-check", "--quiet", WORKER],
        ...[
          kind,
          crowd.address,
          String(crowd.count),
          String(index),
          path.join(crowd.folder, `notes-${index}`),
        ],
      ];
      const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
      let words = "";
      child.stderr.on("data", (chunk) => words += chunk);
      running.set(index, { kill: () => child.kill("SIGKILL"), since: performance.now() });
      const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
        child.once("exit", (code, signal) => resolve([code, signal]))
      );
      running.delete(index);
      if (signal === "SIGKILL") continue;
      if (code !== 0) throw new Error(`${kind} ${index} ended with ${code}: ${words}`);
      end.set(index, kind);
      return;
    }
  };
  const killer = setInterval(() => {
    if (kills >= (crowd.kills ?? 0)) return;
    // One that has only just begun has done nothing that a kill could spoil.
    const old = [...running.values()].filter(({ since }) => performance.now() - since > 400);
    const chosen = old[(kills * 7) % Math.max(1, old.length)];
    if (chosen === undefined) return;
    kills += 1;
    chosen.kill();
  }, crowd.killEveryMs ?? 250);
  try {
    await Promise.all(work.map(one));
  } finally {
    clearInterval(killer);
    for (const { kill } of running.values()) kill();
  }
  const acknowledged = new Set<number>();
  for (const name of fs.readdirSync(crowd.folder).filter((name) => name.startsWith("notes-"))) {
    // The last line of a process that was killed may be cut.
    const lines = fs.readFileSync(path.join(crowd.folder, name), "utf8").split("\n");
    for (const line of lines.slice(0, -1)) acknowledged.add(Number(line));
  }
  return { seconds: (performance.now() - started) / 1000, kills, acknowledged };
}
