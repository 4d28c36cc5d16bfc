/** The binary as Lambda's runtime and as its caller, against an emulator of both. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { granary } from "../support/binary.ts";
import { LambdaEmulator } from "../support/lambda.ts";
import { ok, type RunWorld, simulatedWorld, treeDigest } from "../support/run_world.ts";

let made: Promise<{ world: RunWorld; clean: Record<string, string> }> | undefined;

function undisturbed() {
  made ??= (async () => {
    const world = await simulatedWorld(24, 400);
    await ok([...world.args, "-o", "clean.zarr"], { cwd: world.folder });
    return { world, clean: treeDigest(path.join(world.folder, "clean.zarr")) };
  })();
  return made;
}

async function planned(name: string, ...more: string[]): Promise<{ store: string; run: string }> {
  const { world } = await undisturbed();
  const store = path.join(world.folder, name);
  await ok([...world.args, "-o", store, "--plan-only", ...more], { cwd: world.folder });
  return { store, run: `${store}.run` };
}

Deno.test("the runtime does tasks by reference, cold and then warm, and finishes the store", async () => {
  const { clean } = await undisturbed();
  const { store, run } = await planned("tasks.zarr", "--batches", "2");
  const list = (kind: string) => JSON.parse(fs.readFileSync(path.join(run, "tasks", `${kind}.json`), "utf8"));
  const lambda = new LambdaEmulator({ most: 1 });
  try {
    const warm: unknown[] = [];
    for (const task of [...list("scatter"), ...list("reduce"), { finish: true }]) {
      const answer = await lambda.invoke({ run_dir: run, ...task });
      assert.equal(answer!.functionError, undefined, JSON.stringify(answer!.body));
      warm.push(answer!.body.warm);
    }
    assert.deepEqual([warm[0], warm[1]], [false, true]);
    assert.equal(lambda.coldStarts, 1);
    assert.deepEqual(treeDigest(store), clean);
  } finally {
    await lambda.stop();
  }
});

Deno.test("errors come in the runtime's form, and the function goes on after them", async () => {
  const { run } = await planned("errors.zarr", "--batches", "1");
  const lambda = new LambdaEmulator({ most: 1 });
  try {
    const cases: [unknown, RegExp][] = [
      ["{not json", /not JSON/],
      [{ scatter: 0 }, /no run_dir/],
      [{ run_dir: run, scatter: 0, reduce: 0 }, /2 tasks/],
      [{ run_dir: run, scatter: -1 }, /no whole number/],
      [{ run_dir: run, scatter: 99 }, /no scatter batch 99/],
      [{ run_dir: `${run}.elsewhere`, scatter: 0 }, /no run\.json/],
      [{ run_dir: run, reduce: 0 }, /not scattered yet/],
      [{ run_dir: run, finish: true }, /shards are not done/],
    ];
    for (const [event, message] of cases) {
      const { functionError, body } = (await lambda.invoke(event))!;
      assert.equal(functionError, "Unhandled");
      assert.equal(body.errorType, "granary.input");
      assert.match(String(body.errorMessage), message);
      assert.ok(Array.isArray(body.stackTrace));
    }
    const { functionError, body } = (await lambda.invoke({ run_dir: run, scatter: 0 }))!;
    assert.equal(functionError, undefined, JSON.stringify(body));
    assert.equal(lambda.coldStarts, 1);
  } finally {
    await lambda.stop();
  }
});

Deno.test("a scatter stops before its deadline, and the next invocations do what it left", async () => {
  const { run } = await planned("deadline.zarr", "--batches", "1");
  const lambda = new LambdaEmulator({ most: 1 });
  try {
    await lambda.invoke({ run_dir: run, finish: true }); // a warm process, whose start takes no time
    let read = 0, invocations = 0, left = Infinity, total = 0;
    let timeoutMs = 100;
    while (left > 0) {
      assert.ok(++invocations < 60);
      const { functionError, body } = (await lambda.invoke({ run_dir: run, scatter: 0 }, timeoutMs))!;
      if (functionError !== undefined) {
        assert.match(String(body.errorMessage), /has not the time to do one part of it|timed out/);
        timeoutMs *= 1.5;
        continue;
      }
      const granules = body.granules as { read: number; left: number; kept: number; total: number };
      assert.equal(granules.read + granules.left + granules.kept, granules.total);
      // An invocation that was cut off may have saved more than it could say.
      assert.ok(granules.kept >= read, `${granules.kept} kept of ${read}`);
      read = granules.kept + granules.read;
      left = granules.left;
      total = granules.total;
    }
    assert.equal(read, total);
    assert.ok(invocations > 1, "one invocation had time for all");
  } finally {
    await lambda.stop();
  }
});

Deno.test("--backend lambda does a run by throttled, timed-out and dying functions, and bills it", async () => {
  const { world, clean } = await undisturbed();
  // The second invocation is cut off at once: it counts as timed out and is sent again.
  const lambda = new LambdaEmulator({
    most: 2,
    timeoutMs: (n) => n === 1 ? 5 : 60_000,
    memoryMegabytes: 2048,
  });
  try {
    const store = path.join(world.folder, "invoked.zarr");
    const secret = "secret-of-this-test";
    const env = {
      AWS_ENDPOINT_URL_LAMBDA: await lambda.listen(),
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_EC2_METADATA_DISABLED: "true",
    };
    const args = ["-o", store, "--batches", "6", "--backend", "lambda", "--function-name", "granary"];
    const run = await granary(
      [...world.args, ...args, "--aws-region", "us-west-2", "--max-parallel", "5", "--json"],
      { cwd: world.folder, env },
    );
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(treeDigest(store), clean);
    const { bill } = JSON.parse(run.stdout);
    assert.equal(bill.invocations, lambda.invocations);
    assert.equal(bill.cold_starts, lambda.coldStarts);
    assert.equal(bill.retried, lambda.throttled + lambda.timedOut);
    assert.ok(lambda.throttled > 0 && lambda.timedOut === 1);
    // 1.5 s of 2 GB for each, at the prices of aws.amazon.com/lambda/pricing.
    assert.ok(Math.abs(bill.gigabyte_seconds - 3 * lambda.invocations) < 1e-9);
    assert.ok(Math.abs(bill.dollars - lambda.invocations * (3 * 0.0000166667 + 0.0000002)) < 1e-9);
    assert.match(
      String(lambda.headers.authorization),
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-west-2\/lambda\/aws4_request/,
    );
    assert.equal(lambda.headers["x-amz-invocation-type"], "RequestResponse");
    assert.ok(!(run.stdout + run.stderr).includes(secret));
    for (const file of fs.readdirSync(`${store}.run`, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      assert.ok(!fs.readFileSync(path.join(file.parentPath, file.name)).includes(secret));
    }
  } finally {
    await lambda.stop();
  }
});

Deno.test("a function that is not there, and flags of another backend, are refused with what to do", async () => {
  const { world } = await undisturbed();
  const lambda = new LambdaEmulator();
  try {
    const env = {
      AWS_ENDPOINT_URL_LAMBDA: await lambda.listen(),
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_REGION: "us-west-2",
    };
    const absent = await granary([
      ...world.args,
      "-o",
      "absent.zarr",
      "--backend",
      "lambda",
      "--function-name",
      "another",
    ], { cwd: world.folder, env });
    assert.equal(absent.code, 2);
    assert.match(absent.stderr, /invoke another: the service answered 404 ResourceNotFoundException/);
    const flags: [string[], RegExp][] = [
      [["--backend", "lambda"], /needs --function-name/],
      [["--partition", "x"], /--partition means nothing to --backend local/],
      [["--backend", "slurm", "--function-name", "x"], /--function-name means nothing to --backend slurm/],
    ];
    for (const [more, message] of flags) {
      const run = await granary([...world.args, "-o", "flags.zarr", ...more], { cwd: world.folder });
      assert.equal(run.code, 2);
      assert.match(run.stderr, message);
      assert.ok(!fs.existsSync(path.join(world.folder, "flags.zarr.run")));
    }
  } finally {
    await lambda.stop();
  }
});
