/** A run by a real Slurm: arrays, killed tasks, a drained node, a broken granule; then the local run's bytes. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { granary, temporaryFolder } from "../support/binary.ts";
import { buildCatalog, ok, treeDigest } from "../support/run_world.ts";
import { slurmMissing, startSlurm, type TestSlurm } from "../support/slurm.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

const unable = slurmMissing();
if (unable !== undefined) console.log(`no test with a real Slurm: ${unable}`);

const GOLDEN_JOB = ["aggregate", "-c", "atl06", "--catalog", "catalog.parquet", "--shard", "1"];

/** Process ids of the program's `work` on a run directory of a stage. */
function tasksAtWork(runDirectory: string, flag: string): number[] {
  return fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return words.includes("work") && words.includes(runDirectory) && words.includes(flag) &&
        !words[0].includes("bash");
    } catch (error) {
      // It ended meanwhile.
      if (["ENOENT", "ESRCH"].includes((error as { code?: string }).code ?? "")) return false;
      throw error;
    }
  });
}

async function until<T>(what: string, find: () => T | undefined, seconds = 120): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  while (performance.now() < deadline) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`no ${what} within ${seconds} s`);
}

/** Kills the first task of a kind with -9 as soon as it is at work. */
async function killOne(runDirectory: string, flag: string): Promise<void> {
  await until(`a ${flag} task`, () => tasksAtWork(runDirectory, flag).some(kill) || undefined);
}

/** Whether there was such a process still. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as { code?: string }).code === "ESRCH") return false;
    throw error;
  }
}

const queue = (slurm: TestSlurm) => slurm.run("squeue", "-h", "-r", "-o", "%T").trim();

Deno.test({
  name: "arrays of a real Slurm survive killed tasks, a drained node and a broken granule",
  ignore: unable !== undefined || !hasSharedData,
  fn: async () => {
    const folder = temporaryFolder("granary-slurm-run-");
    fs.mkdirSync(path.join(folder, "granules"));
    for (const name of fs.readdirSync(sharedData("atl06")).filter((name) => /_002_01\.h5$/.test(name))) {
      fs.copyFileSync(sharedData(`atl06/${name}`), path.join(folder, "granules", name));
    }
    await buildCatalog(folder);
    await ok([...GOLDEN_JOB, "-o", "local.zarr"], { cwd: folder });
    const clean = treeDigest(path.join(folder, "local.zarr"));

    // A granule that no longer begins as HDF5 does; it is needed by some of the cells only.
    const granules = fs.readdirSync(path.join(folder, "granules")).sort();
    const broken = path.join(folder, "granules", granules[3]);
    const whole = fs.readFileSync(broken);
    fs.writeFileSync(broken, Uint8Array.from(whole, (byte, at) => at < 8 ? 0 : byte));

    const slurm = await startSlurm();
    try {
      const options = { cwd: folder, env: slurm.env };
      const store = path.join(folder, "slurm.zarr");
      const submit = [
        ...GOLDEN_JOB,
        "-o",
        "slurm.zarr",
        "--backend",
        "slurm",
        "--mem",
        "700MB",
        "--time",
        "5",
      ];
      const more = ["--batches", "8", "--max-parallel", "2", "--sbatch-flag", "--comment=granary test"];

      const submitted = JSON.parse(await ok([...submit, ...more, "--json"], options));
      assert.deepEqual(Object.keys(submitted.jobs), ["scatter", "reduce", "finish"]);
      const arrays = slurm.run("squeue", "-h", "-r", "-j", submitted.jobs.scatter, "-o", "%i");
      assert.equal(arrays.trim().split("\n").length, 4, "eight batches in an array of four");
      const killed = killOne(`${store}.run`, "scatter");

      const second = await granary([...GOLDEN_JOB, "-o", "slurm.zarr", "--resume"], options);
      assert.equal(second.code, 2, second.stderr);
      assert.match(second.stderr, new RegExp(`held by batch job slurm:${submitted.jobs.scatter},`));

      await killed;
      slurm.run("scontrol", "update", "nodename=node1", "state=drain", "reason=test");
      await killOne(`${store}.run`, "reduce");
      await until("empty queue", () => queue(slurm) === "" ? true : undefined);
      assert.match(slurm.run("sinfo", "-h", "-n", "node1", "-o", "%T"), /drain/);
      const shown = JSON.parse(await ok(["runs", `${store}.run`, "--json"], options));
      assert.equal(shown.finished, false);
      assert.ok(shown.batches.left.length > 0 && shown.shards.left.length > 0);
      assert.ok(!fs.existsSync(path.join(store, "zarr.json")));

      // The queue is empty, so the jobs hold the run no more.
      const resume = [...submit, "--resume", "--wait", "--json"];
      const incomplete = await granary(resume, options);
      assert.equal(incomplete.code, 3, incomplete.stderr);
      const report = JSON.parse(incomplete.stdout);
      assert.deepEqual(report.failed.map(({ id }: { id: string }) => id), [
        granules[3],
      ]);
      const attributes = JSON.parse(fs.readFileSync(path.join(store, "zarr.json"), "utf8")).attributes;
      assert.match(JSON.stringify(attributes), /"incomplete_parents":\[\d/);

      slurm.run("scontrol", "update", "nodename=node1", "state=resume");
      fs.writeFileSync(broken, whole);
      await ok(resume, options);
      assert.deepEqual(treeDigest(store), clean);
    } finally {
      await slurm.stop();
    }
  },
});

Deno.test("what failed is submitted again with more time and memory, as reported, and no secret is in a job", async () => {
  const folder = temporaryFolder("granary-sbatch-");
  await ok(["simulate", "granules", "--granules", "2", "--rows", "60"], { cwd: folder });
  await buildCatalog(folder);
  // A Slurm that takes every job and does none: each leaves its arguments and its script.
  const programs = path.join(folder, "bin");
  fs.mkdirSync(programs);
  const program = (name: string, lines: string) =>
    fs.writeFileSync(path.join(programs, name), `#!/bin/bash\n${lines}\n`, { mode: 0o755 });
  program(
    "sbatch",
    `cd ${folder}; n=$(($(cat count 2>/dev/null || echo 0) + 1)); echo $n > count
    printf '%s\\n' "$@" > job-$n.args; cat > job-$n.script; echo $n`,
  );
  program("squeue", 'echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1');
  program("scontrol", "echo 'MaxArraySize = 1001'");
  const env = { PATH: `${programs}:/usr/bin:/bin`, EARTHDATA_TOKEN: "token-of-this-test" };
  const flags = [
    "--time",
    "1:00:00",
    "--mem",
    "1000MiB",
    "--cpus",
    "3",
    "--partition",
    "p",
    "--account",
    "a",
  ];
  const run = await granary([
    ...GOLDEN_JOB,
    "-o",
    "s.zarr",
    "--batches",
    "2",
    "--backend",
    "slurm",
    ...flags,
    ...["--sbatch-flag=--qos=low", "--wait", "--retries", "2", "--retry-scale", "2", "--max-parallel", "5"],
  ], { cwd: folder, env });
  assert.equal(run.code, 1, run.stderr);
  assert.match(run.stderr, /2 scatter tasks and \d+ reduce tasks not done after 3 submissions/);
  const job = (n: number) => fs.readFileSync(path.join(folder, `job-${n}.args`), "utf8").trim().split("\n");
  const value = (n: number, flag: string) =>
    job(n).find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
  assert.deepEqual([1, 4, 7].map((n) => value(n, "--time")), ["1:00:00", "2:00:00", "4:00:00"]);
  assert.deepEqual([1, 4, 7].map((n) => value(n, "--mem")), ["1000M", "2000M", "4000M"]);
  assert.deepEqual([1, 2, 3].map((n) => value(n, "--dependency")), [undefined, "afterany:1", "afterany:2"]);
  assert.equal(value(1, "--array"), "0-1%5");
  for (const flag of ["--cpus-per-task=3", "--partition=p", "--account=a", "--qos=low", "--requeue"]) {
    assert.ok(job(3).includes(flag), flag);
  }
  for (let n = 1; n <= 9; n++) {
    const script = fs.readFileSync(path.join(folder, `job-${n}.script`), "utf8");
    assert.ok(!(script + job(n).join("\n")).includes(env.EARTHDATA_TOKEN));
  }
});

Deno.test({
  name:
    "a run goes through a queue that takes few jobs: packed where it fits, in turn where not, nothing done twice",
  ignore: unable !== undefined,
  fn: async () => {
    const folder = temporaryFolder("granary-slurm-limit-");
    await ok(["simulate", "granules", "--granules", "6", "--rows", "20"], { cwd: folder });
    await buildCatalog(folder);
    const small = [...GOLDEN_JOB, "--max-cells", "4"];
    await ok([...small, "-o", "local.zarr"], { cwd: folder });
    const clean = treeDigest(path.join(folder, "local.zarr"));
    const job = [...small, "--batches", "6", "--backend", "slurm", "--mem", "700MB", "--time", "5"];
    // Of MaxJobCount one less is taken; jobs that have ended still count.
    const under = async (jobs: number, use: (slurm: TestSlurm) => Promise<void>) => {
      const slurm = await startSlurm(2, { MaxJobCount: String(jobs) });
      try {
        await use(slurm);
      } finally {
        await slurm.stop();
      }
    };
    const run = (slurm: TestSlurm, ...words: string[]) =>
      ok([...job, ...words, "--wait", "--json"], { cwd: folder, env: slurm.env });
    await under(6, async (slurm) => {
      const [{ stages }, ...more] = JSON.parse(await run(slurm, "-o", "packed.zarr")).submissions;
      assert.deepEqual([more.length, stages.length], [0, 2]);
      assert.ok(stages[0].tasks + stages[1].tasks + 1 <= 5, JSON.stringify(stages));
      assert.deepEqual(treeDigest(path.join(folder, "packed.zarr")), clean);
    });
    await under(3, async (slurm) => {
      const options = { cwd: folder, env: slurm.env };
      const turned = await granary([...job, "-o", "turn.zarr"], options);
      assert.equal(turned.code, 2, turned.stderr);
      assert.match(turned.stderr, /queued and going on: scatter array \d+ \(2 tasks\)/);
      assert.match(turned.stderr, /no room for the reduce array \(MaxJobCount=3 with 0 jobs\)/);
      await until("end of the array", () => queue(slurm) === "" ? true : undefined);
      const shown = JSON.parse(await ok(["run", "status", "turn.zarr.run", "--json"], options));
      assert.deepEqual(shown.stages.map(({ left }: { left: number[] }) => left.length > 0), [false, true]);
    });
    await under(4, async (slurm) => {
      const resumed = JSON.parse(await run(slurm, "-o", "turn.zarr", "--resume"));
      const submitted = resumed.submissions.flatMap(({ stages }: { stages: { name: string }[] }) => stages);
      assert.deepEqual(submitted.map(({ name }: { name: string }) => name), ["reduce"]);
      assert.deepEqual(treeDigest(path.join(folder, "turn.zarr")), clean);
    });
  },
});

Deno.test("arrays shrink until a silent limit takes them, and every job that a failed submission leaves is named", async () => {
  const folder = temporaryFolder("granary-sbatch-limit-");
  await ok(["simulate", "granules", "--granules", "6", "--rows", "20"], { cwd: folder });
  await buildCatalog(folder);
  const programs = path.join(folder, "bin");
  fs.mkdirSync(programs);
  const program = (name: string, lines: string) =>
    fs.writeFileSync(path.join(programs, name), `#!/bin/bash\n${lines}\n`, { mode: 0o755 });
  // A Slurm with a policy that it does not tell: LIMIT jobs, array tasks counted singly, in all.
  program(
    "sbatch",
    `cd ${folder}
    tasks=1; for word in "$@"; do case "$word" in
      --array=*) word=\${word#--array=0-}; tasks=$((\${word%\\%*} + 1));;
      --job-name=granary-$LATER) later=1;;
      --job-name=granary-$BROKEN) echo "sbatch: error: invalid partition specified" >&2; exit 1;;
    esac; done
    # The first array of one task that is to come later is refused.
    if [ -n "$later" ] && [ $tasks = 1 ] && [ ! -e waited ]; then touch waited; LIMIT=0; fi
    queued=$(cat queued 2>/dev/null || echo 0)
    if [ $((queued + tasks)) -gt $LIMIT ]; then
      echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2
      echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)" >&2
      exit 1
    fi
    echo $((queued + tasks)) > queued
    n=$(($(cat count 2>/dev/null || echo 0) + 1)); echo $n > count
    printf '%s\\n' "$@" > job-$n.args
    if [ -n "$DO" ]; then
      rm queued; cat > job-$n.script
      for ((task = 0; task < tasks; task++)); do SLURM_ARRAY_TASK_ID=$task bash job-$n.script >&2 || true; done
    fi
    echo $((100 + n))`,
  );
  program("squeue", 'echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1');
  program("scontrol", "true");
  program("sacctmgr", `[ -z "$POLICY" ] || [[ "$*" != *assoc* ]] || echo "physics||$POLICY||"`);
  const submit = async (limit: number, more: Record<string, string> = {}, ...flags: string[]) => {
    for (const name of fs.readdirSync(folder)) {
      if (/^(queued|count|job-.*|s\.zarr.*)$/.test(name)) {
        fs.rmSync(path.join(folder, name), { recursive: true });
      }
    }
    const env = {
      PATH: `${programs}:/usr/bin:/bin`,
      LIMIT: String(limit),
      POLICY: "",
      BROKEN: "none",
      ...more,
    };
    const words = [...GOLDEN_JOB, "-o", "s.zarr", "--batches", "6"];
    const slurm = ["--backend", "slurm", "--time", "10", ...flags];
    return await granary([...words, ...slurm, "--json"], { cwd: folder, env });
  };
  const flag = (n: number, name: string) =>
    fs.readFileSync(path.join(folder, `job-${n}.args`), "utf8").split("\n")
      .find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);

  // Six batches are refused, three are taken: two tasks each, for twice the time.
  const shrunk = await submit(5);
  assert.equal(shrunk.code, 0, shrunk.stderr);
  assert.deepEqual(JSON.parse(shrunk.stdout).jobs, { scatter: "101", reduce: "102", finish: "103" });
  assert.deepEqual([flag(1, "array"), flag(1, "time")], ["0-2", "0:20:00"]);

  const full = await submit(3);
  assert.equal(full.code, 2);
  assert.match(full.stderr, /QOSMaxSubmitJobPerUserLimit.*scatter array 101 \(3 tasks\).*scancel 101/s);
  const broken = await submit(100, { BROKEN: "reduce" });
  assert.equal(broken.code, 2);
  assert.match(broken.stderr, /invalid partition specified.*scatter array 101 \(6 tasks\).*scancel 101/s);
  // A policy that is reported is fitted at once.
  const reported = await submit(4, { POLICY: "4" });
  assert.equal(reported.code, 0, reported.stderr);
  assert.equal(fs.readFileSync(path.join(folder, "queued"), "utf8").trim(), "4");
  // One that takes the second array only when the first has ended, and is waited for.
  const turns = await submit(
    1,
    { LATER: "reduce", DO: "yes" },
    "--max-cells",
    "4",
    "--wait",
    "--retries",
    "0",
  );
  assert.equal(turns.code, 0, turns.stderr);
  const { submissions } = JSON.parse(turns.stdout);
  assert.deepEqual(submissions.map(({ finish }: { finish: string | null }) => finish !== null), [
    false,
    true,
  ]);
});
