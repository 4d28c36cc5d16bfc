/** Many processes on one run directory at the same time. */
import assert from "node:assert/strict";
import path from "node:path";
import { granary, shell } from "../support/binary.ts";
import { ok, simulatedWorld, treeDigest } from "../support/run_world.ts";

const PROCESSES = 16;

Deno.test(`${PROCESSES} processes at once on one run directory lose nothing and spoil nothing`, async () => {
  const { folder, args } = await simulatedWorld(16, 300);
  const options = { cwd: folder, timeoutMs: 300_000 };
  await ok([...args, "-o", "clean.zarr"], options);
  const store = path.join(folder, "many.zarr"), run = `${store}.run`;
  await ok([...args, "-o", store, "--plan-only", "--batches", "12"], options);
  const state = async () => JSON.parse(await ok(["runs", run, "--json"], options));
  const small = ["--workers", "1", "--memory", "400MB", "--quiet"];
  // Some tasks are done by two processes at the same time, which has to be harmless.
  const all = (kind: string, tasks: number[]) =>
    Promise.all(Array.from({ length: PROCESSES }, (_, i) => {
      const task = tasks[i % tasks.length];
      return granary(["work", run, `--${kind}`, String(task), ...small], options);
    }));
  const { batches, shards } = await state();
  assert.equal(batches.left.length, 12);
  for (const { code, stderr } of await all("scatter", batches.left)) assert.equal(code, 0, stderr);
  for (let at = 0; at < shards.left.length; at += PROCESSES) {
    for (const { code, stderr } of await all("reduce", shards.left.slice(at, at + PROCESSES))) {
      assert.equal(code, 0, stderr);
    }
  }
  assert.deepEqual((await state()).shards.left, []);
  await ok(["finish", run], options);
  assert.deepEqual(treeDigest(store), treeDigest(path.join(folder, "clean.zarr")));
});

// The lines of the README, as they stand there.
for (
  const [driver, scatter, reduce] of [
    [
      "xargs",
      "granary runs s.zarr.run --json | PICK batches | xargs -P 4 -I{} granary work s.zarr.run --workers 1 --scatter {}",
      "granary runs s.zarr.run --json | PICK shards | xargs -P 4 -I{} granary work s.zarr.run --workers 1 --reduce {}",
    ],
    [
      "a shell loop",
      "for n in $(seq 0 3); do granary work s.zarr.run --scatter $n; done",
      "for n in $(granary runs s.zarr.run --json | PICK shards); do granary work s.zarr.run --reduce $n; done",
    ],
  ] as const
) {
  Deno.test(`${driver} drives a planned run`, async () => {
    const { folder, args } = await simulatedWorld(6, 300);
    await ok([...args, "-o", "clean.zarr"], { cwd: folder });
    await ok([...args, "-o", "s.zarr", "--plan-only", "--batches", "4"], { cwd: folder });
    for (const line of [scatter, reduce, "granary finish s.zarr.run"]) {
      // jq -r '.batches.left[]', where there may be no jq.
      const pick = (kind: string) =>
        `tr -d ' \\n' | grep -o '"${kind}":{[^}]*}' | grep -o '"left":\\[[^]]*' | grep -o '[0-9]*'`;
      const plain = line.replace(/PICK (\w+)/g, (_, kind) => pick(kind));
      const { code, stderr } = await shell(`set -o pipefail; ${plain}`, { cwd: folder });
      assert.equal(code, 0, `${plain}: ${stderr}`);
    }
    assert.deepEqual(treeDigest(path.join(folder, "s.zarr")), treeDigest(path.join(folder, "clean.zarr")));
  });
}
