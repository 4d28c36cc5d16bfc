import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import {
  arrayScript,
  formatSlurmMinutes,
  groupTasks,
  parseSlurmMinutes,
  shellWord,
} from "../../../../runs/slurm/slurm_script.ts";

Deno.test("tasks are grouped whole, in order and evenly, never into more groups than allowed", () => {
  for (const [count, most] of [[0, 5], [1, 5], [7, 4], [4, 4], [1000, 1001], [2503, 1001]]) {
    const tasks = Array.from({ length: count }, (_, i) => i * 3);
    const groups = groupTasks(tasks, most);
    assert.deepEqual(groups.flat(), tasks);
    assert.ok(groups.length <= most);
    const sizes = groups.map((group) => group.length);
    assert.ok(groups.length === 0 || Math.max(...sizes) - Math.min(...sizes) <= 1);
    assert.ok(sizes.every((size) => size > 0));
  }
});

Deno.test("times are read as sbatch's manual says, and written so that it reads them", () => {
  // The forms of sbatch --time, in minutes.
  const forms: [string, number][] = [
    ["90", 90],
    ["90:30", 90.5],
    ["1:30:00", 90],
    ["1-12", 36 * 60],
    ["1-12:30", 36 * 60 + 30],
    ["1-12:30:30", 36 * 60 + 30.5],
  ];
  for (const [text, minutes] of forms) {
    assert.equal(parseSlurmMinutes(text), minutes, text);
    assert.equal(parseSlurmMinutes(formatSlurmMinutes(minutes)), minutes, text);
  }
  assert.throws(() => parseSlurmMinutes("2h"), /not a time of Slurm's/);
});

Deno.test("words reach the shell as they are", () => {
  const words = ["plain/path.run", "with space", "it's", '$HOME `id` \\ "q"', "", "s3://bucket/a b", "ünï"];
  const run = spawnSync("/bin/bash", ["-c", `printf '%s\\n' ${words.map(shellWord).join(" ")}`], {
    encoding: "utf8",
  });
  assert.deepEqual(run.stdout.split("\n").slice(0, -1), words);
});

/** Runs a task of an array script whose program is a line of shell; returns exit code and output. */
function runTask(program: string, groups: number[][], task: number): { code: number | null; out: string } {
  const script = arrayScript("reduce", groups, ["/bin/bash", "-c", program, "granary"]);
  const run = spawnSync("/bin/bash", ["-c", script], {
    encoding: "utf8",
    env: { SLURM_ARRAY_TASK_ID: String(task), PATH: "/usr/bin:/bin" },
  });
  return { code: run.status, out: run.stdout };
}

Deno.test("a job of an array does its own tasks, all of them, and fails when one of them fails", () => {
  const groups = [[0, 1], [2, 3, 5]];
  assert.deepEqual(runTask('echo "$@"', groups, 1), {
    code: 0,
    out: [2, 3, 5].map((n) => `--stage reduce --task ${n}\n`).join(""),
  });
  assert.deepEqual(runTask('echo "$4"; [ "$4" != 3 ]', groups, 1), { code: 1, out: "2\n3\n5\n" });
  assert.deepEqual(runTask("kill -9 $$", groups, 0), { code: 137, out: "" });
});

Deno.test("granules that could not be read are recorded by the task and are no failure of the job", () => {
  assert.deepEqual(runTask('echo "$4"; exit 3', [[0, 1]], 0), { code: 0, out: "0\n1\n" });
});

Deno.test("SIGTERM reaches the task once, is waited for, and begins no further task", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-script-"));
  try {
    const log = path.join(folder, "log");
    const program = `trap 'echo reported >> ${log}' TERM; echo begun >> ${log}; i=0
      while [ $i -lt 40 ]; do sleep 0.05; i=$((i+1)); grep -q reported ${log} && { echo saved >> ${log}; exit 143; }; done`;
    const script = arrayScript("scatter", [[0, 1]], ["/bin/bash", "-c", program, "granary"]);
    const child = spawn("/bin/bash", ["-c", script], {
      env: { SLURM_ARRAY_TASK_ID: "0", PATH: "/usr/bin:/bin" },
      detached: true,
    });
    while (!fs.existsSync(log)) await new Promise((resolve) => setTimeout(resolve, 10));
    // As Slurm does it: to the whole process group of the script.
    Deno.kill(-child.pid!, "SIGTERM");
    const code = await new Promise((resolve) => child.on("close", resolve));
    assert.equal(code, 143);
    assert.equal(fs.readFileSync(log, "utf8"), "begun\nreported\nsaved\n");
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
