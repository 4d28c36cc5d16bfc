/**
 * Downloads of a feed's queue beside aria2c and curl, from a server of this machine, as it should be and going
 * wrong; md5 checked by each. Whole processes in turn.
 *
 *   deno task bench download [--files 30] [--megabytes 64] [--runs 3]
 */
import { type ChildProcess, spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { prepareDebianPeers } from "../../scripts/debian_peers.ts";
import type { ArchiveFile } from "../support/file_archive.ts";
import { feedOfFiles } from "../support/queued_files.ts";
import { type Cost, measure, spreadOf } from "./measure.ts";
import { addRow } from "./table.ts";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "30" },
    megabytes: { type: "string", default: "64" },
    runs: { type: "string", default: "3" },
  },
  strict: false,
});
const COUNT = Number(values.files);
const BYTES = Number(values.megabytes) * 1024 * 1024;
const RUNS = Number(values.runs);
const ROOT = path.resolve(import.meta.dirname!, "../..");
const BINARY = path.join(ROOT, "dist", "granary");

type Contestant = (folder: string, files: readonly ArchiveFile[]) => Promise<Cost>;

const CONTESTANTS: Record<string, Contestant> = {
  granary: async (folder, files) => {
    const { feed, file } = await feedOfFiles(folder, files, BYTES);
    await feed.engine.close();
    return measure(BINARY, ["feed", "download", file], folder);
  },
  "aria2c -j4 -x4": (folder, files) => {
    const list = files.flatMap(({ url, md5 }, i) => [url, `  out=files/${i}.bin`, `  checksum=md5=${md5}`]);
    fs.writeFileSync(path.join(folder, "list"), list.join("\n") + "\n");
    const options = ["--quiet", "--max-tries=20", "--retry-wait=0", "--file-allocation=none"];
    return Promise.resolve(measure("aria2c", ["-i", "list", "-j4", "-x4", "-k8M", ...options], folder));
  },
  "curl --parallel and md5sum": (folder, files) => {
    const sums = files.map(({ md5 }, i) => `${md5}  files/${i}.bin\n`).join("");
    fs.writeFileSync(path.join(folder, "sums"), sums);
    const urls = files.map(({ url }, i) => `url=${url}\noutput=files/${i}.bin\n`).join("");
    fs.writeFileSync(path.join(folder, "list"), urls);
    const fetch =
      "curl --silent --create-dirs --parallel --parallel-max 4 --retry 20 --retry-all-errors -K list";
    return Promise.resolve(measure("sh", ["-c", `${fetch} && md5sum --quiet -c sums`], folder));
  },
};

await prepareDebianPeers(["bench"]);
for (const faulty of [false, true]) await compare(faulty);

async function compare(faulty: boolean): Promise<void> {
  const times = new Map<string, number[]>();
  const peaks = new Map<string, number>();
  const words = new Map<string, string>();
  for (let run = 0; run < RUNS; run++) {
    for (const [name, contestant] of Object.entries(CONTESTANTS)) {
      // What a file of another version, an answer of another range do to others is told, not timed.
      const { cost, wrong } = await once(contestant, faulty);
      if (typeof cost === "string") words.set(name, `failed: ${cost}`);
      else {
        times.set(name, [...times.get(name) ?? [], cost.wall]);
        peaks.set(name, Math.max(peaks.get(name) ?? 0, cost.peakBytes ?? 0));
      }
      if (wrong > 0) words.set(name, `${words.get(name) ?? ""} ${wrong} files missing or wrong`.trim());
    }
  }
  const what = `${COUNT} files of ${BYTES / 2 ** 20} MiB${faulty ? " with cuts, 503s and wrong ranges" : ""}`;
  const aria = times.get("aria2c -j4 -x4");
  for (const name of Object.keys(CONTESTANTS)) {
    const own = times.get(name);
    const spread = own === undefined ? null : spreadOf(own);
    const ratio = spread === null || aria === undefined
      ? ""
      : `, ${(spread.median / spreadOf(aria).median).toFixed(2)} of aria2c's time`;
    const figure = spread === null
      ? words.get(name) ?? "not measured"
      : `${spread.median.toFixed(1)} s (${spread.min.toFixed(1)} to ${spread.max.toFixed(1)})${ratio}, ` +
        `${((peaks.get(name) ?? 0) / 1e6).toFixed(0)} MB at most; ${words.get(name) ?? "all right"}`;
    console.log(`${what}, ${name}: ${figure}`);
    addRow({
      what: `downloads, ${what}: ${name}`,
      figure,
      wanted: name === "granary" ? "0.7 of aria2c's time, 300 MB" : null,
    });
  }
}

/** One contestant against a fresh server. */
async function once(
  contestant: Contestant,
  faulty: boolean,
): Promise<{ cost: Cost | string; wrong: number }> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-download-bench-"));
  const { files, child } = await startServer(faulty);
  try {
    let cost: Cost | string;
    try {
      cost = await contestant(folder, files);
    } catch (error) {
      cost = (error as Error).message.split("\n").at(-1)!.slice(0, 200);
    }
    const wrong = files.filter(({ md5 }, index) =>
      digest(path.join(folder, "files", `${index}.bin`)) !== md5
    );
    return { cost, wrong: wrong.length };
  } finally {
    child.stdin?.end();
    fs.rmSync(folder, { recursive: true });
  }
}

async function startServer(faulty: boolean): Promise<{ files: ArchiveFile[]; child: ChildProcess }> {
  const script = path.join(ROOT, "test", "support", "file_archive.ts");
  const args = ["run", "-A", "--no-check", "--quiet", script, String(COUNT), String(BYTES)];
  const child = spawn(process.execPath, [...args, ...(faulty ? ["faults"] : [])], {
    stdio: ["pipe", "pipe", "inherit"],
    cwd: ROOT,
  });
  let text = "";
  for await (const chunk of child.stdout!) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  return { files: JSON.parse(text), child };
}

function digest(file: string): string | null {
  return fs.existsSync(file) ? crypto.createHash("md5").update(fs.readFileSync(file)).digest("hex") : null;
}
