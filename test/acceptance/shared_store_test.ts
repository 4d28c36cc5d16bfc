/** Runs of different run directories that want one store: one has it at a time, and nobody's work becomes another's. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { finish, granary, isRoot, shell, startGranary, temporaryFolder } from "../support/binary.ts";
import { ok, type RunWorld, simulatedWorld, treeDigest } from "../support/run_world.ts";
import { startFakeS3 } from "../support/s3_fake.ts";

const OTHER_USER = 65534;
/** Of the world's granules, half. */
const HALF = ["--where", "id < (select quantile_disc(id, 0.5) from granules)"];

interface SharedWorld extends RunWorld {
  whole: Record<string, string>;
  half: Record<string, string>;
}

let made: Promise<SharedWorld> | undefined;
const world = () =>
  made ??= (async () => {
    const found = await simulatedWorld(8, 2000);
    await ok([...found.args, "-o", "whole.zarr"], { cwd: found.folder });
    await ok([...found.args, ...HALF, "-o", "half.zarr"], { cwd: found.folder });
    const digest = (name: string) => treeDigest(path.join(found.folder, name));
    assert.notDeepEqual(digest("whole.zarr"), digest("half.zarr"));
    const catalog = path.join(found.folder, "catalog.parquet");
    const args = found.args.map((arg) => arg === "catalog.parquet" ? catalog : arg);
    return { ...found, args, whole: digest("whole.zarr"), half: digest("half.zarr") };
  })();

/** A run that has begun to read, and stands still. */
async function standing(args: readonly string[], folder: string, began: () => boolean) {
  const child = startGranary([...args, "--workers", "1", "--quiet"], { cwd: folder });
  const ended = finish(child);
  for (let tries = 0; !began(); tries++) {
    assert.ok(tries < 6000 && child.exitCode === null, "the run did not begin");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  process.kill(child.pid!, "SIGSTOP");
  return {
    goOn: () => {
      process.kill(child.pid!, "SIGCONT");
      return ended;
    },
    kill: () => {
      process.kill(child.pid!, "SIGKILL");
      return ended;
    },
  };
}

for (
  const [who, first, second] of [
    ["a run with a directory of its own", ["--run-dir", "own.run"], []],
    ["a run with its directory beside the store", [], ["--run-dir", "own.run"]],
    ["one of two runs with directories of their own", ["--run-dir", "own.run"], ["--run-dir", "other.run"]],
  ] as const
) {
  for (const flags of [[], ["--overwrite"], ["--resume"]]) {
    Deno.test(`while ${who} writes a store another is refused${flags.map((flag) => `, with ${flag} too`)}`, async () => {
      const { args, whole } = await world();
      const folder = temporaryFolder("granary-shared-");
      const here = [...args, "-o", "store.zarr"];
      const directory = path.join(folder, first[1] ?? "store.zarr.run");
      const run = await standing([...here, ...first], folder, () => fs.existsSync(`${directory}/plan.json`));
      const { code, stderr } = await granary([...here, ...HALF, ...second, ...flags], { cwd: folder });
      const before = fs.readdirSync(folder).sort();
      const { code: ended, stderr: said } = await run.goOn();
      assert.equal(code, 2, stderr);
      assert.match(
        stderr,
        /store\.zarr: the run in \S+\.run writes there, by process \d+ on \S+ since .*wait for it/,
      );
      assert.equal(ended, 0, said);
      assert.deepEqual(treeDigest(path.join(folder, "store.zarr")), whole);
      assert.ok(!before.includes("other.run"), "the refused run left a directory");
    });
  }
}

Deno.test("of a store in S3 the second run is refused while the first lives", async () => {
  const { args } = await world();
  const s3 = await startFakeS3();
  try {
    s3.readers.set("bucket", new Set(["KEY"]));
    const env = {
      AWS_ACCESS_KEY_ID: "KEY",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_REGION: "us-west-2",
      AWS_ENDPOINT_URL_S3: s3.server.url,
    };
    const folder = temporaryFolder("granary-shared-");
    const here = [
      ...args,
      "-o",
      "s3://bucket/a/store.zarr",
    ];
    const puts = () => s3.server.seen.length;
    for (
      const [first, second] of [[["--run-dir", "s3://bucket/x"], []], [[], ["--run-dir", "s3://bucket/y"]]]
    ) {
      const directory = first[1]?.slice(5) ?? "bucket/a/store.zarr.run";
      const child = startGranary([...here, ...first, "--overwrite", "--workers", "1", "--quiet"], {
        cwd: folder,
        env,
      });
      const ended = finish(child);
      s3.objects.delete(`${directory}/plan.json`);
      for (let tries = 0; !s3.objects.has(`${directory}/plan.json`); tries++) {
        assert.ok(tries < 6000 && child.exitCode === null, "the run did not begin");
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      process.kill(child.pid!, "SIGSTOP");
      const asked = puts();
      const { code, stderr } = await granary([...here, ...HALF, ...second, "--overwrite"], {
        cwd: folder,
        env,
      });
      process.kill(child.pid!, "SIGCONT");
      assert.equal(code, 2, stderr);
      assert.match(
        stderr,
        /s3:\/\/bucket\/a\/store\.zarr: the run in s3:\/\/bucket\/\S+ writes there, by process/,
      );
      assert.ok(puts() - asked < 12, "it asked for more than it needs to know that");
      const { code: end, stderr: said } = await ended;
      assert.equal(end, 0, said);
      assert.ok(s3.objects.has("bucket/a/store.zarr/zarr.json"));
      assert.ok(!s3.objects.has("bucket/y/run.json"));
    }
  } finally {
    await s3.stop();
  }
});

Deno.test("the store of a killed run is another's at once, and the killed run, resumed, relies on nothing there", async () => {
  const { args, whole, half } = await world();
  const folder = temporaryFolder("granary-shared-");
  const here = [...args, "-o", "store.zarr"];
  const run = await standing(
    [...here, "--run-dir", "x.run"],
    folder,
    () => fs.existsSync(`${folder}/x.run/shards`) && fs.readdirSync(`${folder}/x.run/shards`).length > 1,
  );
  await run.kill();
  await ok([...here, ...HALF, "--overwrite"], { cwd: folder });
  assert.deepEqual(treeDigest(path.join(folder, "store.zarr")), half);
  const resumed = await granary([...here, "--run-dir", "x.run", "--resume"], { cwd: folder });
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.match(
    resumed.stderr,
    /the run in \S+store\.zarr\.run has written there since this one did: every shard is made again/,
  );
  assert.deepEqual(treeDigest(path.join(folder, "store.zarr")), whole);
  // It has the store now, and is believed.
  const again = await granary([...here, "--run-dir", "x.run", "--resume"], { cwd: folder });
  assert.doesNotMatch(again.stderr, /has written there since/);
});

Deno.test("shards of the same sizes that another run wrote are not taken for a run's own", async () => {
  const { args, whole } = await world();
  const folder = temporaryFolder("granary-shared-");
  const here = [...args, "-o", "store.zarr"];
  await ok([...here, "--run-dir", "x.run"], { cwd: folder });
  await ok([...here, "--run-dir", "y.run", "--overwrite"], { cwd: folder });
  const shard = Object.keys(whole).find((key) => key.includes("/c/"))!;
  const file = path.join(folder, "store.zarr", shard);
  const bytes = fs.readFileSync(file);
  bytes[bytes.length >> 1] ^= 1; // as if y's had other values in as many bytes
  fs.writeFileSync(file, bytes);
  await ok([...here, "--run-dir", "x.run", "--resume"], { cwd: folder });
  assert.deepEqual(treeDigest(path.join(folder, "store.zarr")), whole);
});

Deno.test("tasks and end of a planned run are refused once another run has taken its store", async () => {
  const { args, half, whole } = await world();
  const folder = temporaryFolder("granary-shared-");
  const options = { cwd: folder };
  const here = [...args, "-o", "store.zarr"];
  await ok([...here, "--run-dir", "x.run", "--plan-only"], options);
  await ok(["run", "work", "x.run", "--stage", "scatter", "--task", "0"], options);
  // A task has been at it: only silence would tell that none is. Here its lease is as that of a run that gave up.
  const lease = path.join(folder, "store.zarr.run", "lease.1");
  const holder = JSON.parse(fs.readFileSync(lease, "utf8"));
  assert.equal(holder.shared, true);
  fs.writeFileSync(lease, JSON.stringify({ ...holder, released: true }));
  await ok([...here, ...HALF], options);
  for (const task of [["work", "x.run", "--stage", "reduce", "--task", "0"], ["finish", "x.run"]]) {
    const { code, stderr } = await granary(["run", ...task], options);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /store\.zarr: the run in \S+store\.zarr\.run has taken this place since .*--resume/);
  }
  assert.deepEqual(treeDigest(path.join(folder, "store.zarr")), half);
  await ok([...here, "--run-dir", "x.run", "--resume"], options);
  assert.deepEqual(treeDigest(path.join(folder, "store.zarr")), whole);
});

for (const runDir of [[], ["--run-dir", "x.run"]]) {
  const where = runDir.length === 0 ? "beside its store" : "elsewhere";
  Deno.test(`many processes do tasks of one run ${where} at once, and others may finish or resume it`, async () => {
    const { args, whole } = await world();
    const folder = temporaryFolder("granary-shared-");
    const options = { cwd: folder };
    const here = [...args, "-o", "store.zarr", ...runDir];
    const directory = runDir[1] ?? "store.zarr.run";
    await ok([...here, "--plan-only", "--batches", "3"], options);
    const tasks = (stage: string) =>
      shell(
        `granary run status ${directory} --json | tr -d ' \\n' | sed 's/.*"name":"${stage}"[^]]*"left":\\[\\([0-9,]*\\)\\].*/\\1/' | ` +
          `tr , '\\n' | xargs -P 4 -I{} granary run work ${directory} --workers 1 --stage ${stage} --task {} --quiet`,
        options,
      );
    for (const stage of ["scatter", "reduce"]) {
      const { code, stderr } = await tasks(stage);
      assert.equal(code, 0, stderr);
    }
    await ok(["run", "finish", directory], options);
    assert.deepEqual(treeDigest(path.join(folder, "store.zarr")), whole);
    await ok([...here, "--resume"], options);
    assert.deepEqual(treeDigest(path.join(folder, "store.zarr")), whole);
  });
}

Deno.test("a store grows by successive runs of a directory elsewhere", async () => {
  const { args, whole } = await world();
  const folder = temporaryFolder("granary-shared-");
  const options = { cwd: folder };
  const here = [
    ...args,
    "-o",
    "store.zarr",
    "--run-dir",
    "x.run",
  ];
  await ok([...here, ...HALF], options);
  await ok([...here, "--append"], options);
  const objects = (found: Record<string, string>) =>
    Object.fromEntries(Object.entries(found).filter(([key]) => !key.endsWith("zarr.json")));
  assert.deepEqual(objects(treeDigest(path.join(folder, "store.zarr"))), objects(whole));
});

Deno.test({
  name: "a store whose neighbourhood may not be written to is made, with a warning that it cannot be held",
  ignore: !isRoot,
  fn: async () => {
    const { args, folder: shared, whole } = await world();
    const folder = temporaryFolder("granary-shared-");
    fs.chmodSync(folder, 0o755);
    fs.chmodSync(shared, 0o755);
    for (const name of ["store.zarr", "x.run"]) {
      fs.mkdirSync(path.join(folder, name));
      fs.chownSync(path.join(folder, name), OTHER_USER, OTHER_USER);
    }
    const here = [
      ...args,
      "-o",
      "store.zarr",
      "--run-dir",
      "x.run",
    ];
    const home = temporaryFolder();
    fs.chownSync(home, OTHER_USER, OTHER_USER);
    const env = { HOME: home, TMPDIR: home };
    const { code, stderr } = await granary(here, { cwd: folder, env, uid: OTHER_USER });
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /store\.zarr: other runs cannot be kept from writing there meanwhile, because \S+\.run/,
    );
    const options = { cwd: folder, env, uid: OTHER_USER };
    const planned = await granary([...here, "--overwrite", "--plan-only", "--batches", "1"], options);
    assert.equal(planned.code, 0, planned.stderr);
    for (const stage of ["scatter", "reduce"]) {
      const task = await granary(["run", "work", "x.run", "--stage", stage, "--task", "0"], options);
      assert.equal(task.code, 0, task.stderr);
    }
    const resumed = await granary([...here, "--resume"], options);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.deepEqual(treeDigest(path.join(folder, "store.zarr")), whole);
  },
});
