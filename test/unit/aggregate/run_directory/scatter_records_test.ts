import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { DELETES_AT_ONCE, type ObjectTarget } from "../../../../core/access/object_target.ts";
import {
  dropSpills,
  type ScatterRecord,
  scatterRecordKey,
  scatterRecords,
} from "../../../../aggregate/run_directory/scatter_records.ts";
import { RunDirectory } from "../../../../aggregate/run_directory/run_directory.ts";

/** Keys that a service lists in one answer. */
const PAGE = 1000;

/** Objects in memory that count requests as S3 would be asked: a list is one for each page. */
class CountingTarget implements Pick<ObjectTarget, "name" | "get" | "put" | "list" | "sizes" | "delete"> {
  readonly name = "s3://bucket/store.zarr.run";
  readonly objects = new Map<string, Uint8Array>();
  requests = 0;
  #deletes = 0;
  mostDeletesAtOnce = 0;
  get(key: string) {
    this.requests += 1;
    return Promise.resolve(this.objects.get(key));
  }
  put(key: string, bytes: Uint8Array) {
    this.requests += 1;
    this.objects.set(key, bytes);
    return Promise.resolve();
  }
  async delete(key: string) {
    this.requests += 1;
    this.mostDeletesAtOnce = Math.max(this.mostDeletesAtOnce, ++this.#deletes);
    await Promise.resolve();
    this.objects.delete(key);
    this.#deletes -= 1;
  }
  async list(prefix: string) {
    return [...(await this.sizes(prefix)).keys()];
  }
  sizes(prefix: string) {
    const found = [...this.objects].filter(([key]) => key.startsWith(prefix)).sort();
    this.requests += Math.max(1, Math.ceil(found.length / PAGE));
    return Promise.resolve(new Map(found.map(([key, bytes]) => [key, bytes.length])));
  }
}

const TASKS = 10_000;

async function runOfManyTasks(): Promise<{ target: CountingTarget; directory: RunDirectory }> {
  const target = new CountingTarget();
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "granary-requests-"));
  globalThis.addEventListener("unload", () => fs.rmSync(scratch, { recursive: true, force: true }));
  const directory = RunDirectory.at(target as unknown as ObjectTarget, scratch);
  for (let batch = 0; batch < TASKS; batch++) {
    const file = `runs/a-${batch}.runs`;
    target.objects.set(file, new Uint8Array(3));
    const granule = { key: `k${batch}`, granule: batch, id: `g${batch}`, shards: [0] };
    const record = { kind: "scatter", file, batch, bytes: 3, granules: [granule], failed: [], seconds: 1 };
    await directory.putRecord(scatterRecordKey({ file, batch }), record as unknown as ScatterRecord);
  }
  target.requests = 0;
  return { target, directory };
}

Deno.test("a task of ten thousand reads the records of its own granules, in a bounded number of requests", async () => {
  const { target, directory } = await runOfManyTasks();
  const { scatter } = await scatterRecords(directory, new Set([4711]));
  assert.deepEqual(scatter.map(({ batch }) => batch), [4711]);
  // Its own list, that of records of any batch, one record, the size of one file.
  assert.equal(target.requests, 4);

  target.requests = 0;
  const needed = new Set(Array.from({ length: 40 }, (_, i) => i * 250));
  const reduced = await scatterRecords(directory, needed);
  assert.equal(reduced.scatter.length, 40);
  // A page for each thousand keys, twice, and the forty records.
  assert.equal(target.requests, 2 * (TASKS / PAGE) + 40);
});

Deno.test("spills of ten thousand tasks elsewhere are dropped side by side, and no record is read for it", async () => {
  const { target, directory } = await runOfManyTasks();
  await dropSpills(directory);
  assert.equal(target.objects.size, 0);
  // Of records and of files: a page for each thousand, and each is deleted once.
  assert.equal(target.requests, 2 * (TASKS / PAGE + TASKS));
  assert.equal(target.mostDeletesAtOnce, DELETES_AT_ONCE);
});

Deno.test("records that are gone from their place are lost, not whole", async () => {
  const { target, directory } = await runOfManyTasks();
  target.objects.delete("runs/a-3.runs");
  const { scatter, lost } = await scatterRecords(directory, new Set([3]));
  assert.deepEqual([scatter.length, lost.length], [0, 1]);
});

Deno.test("records read at the same time come in the order of their keys", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-order-"));
  try {
    const directory = RunDirectory.in(folder);
    for (const n of [3, 1, 2]) await directory.putRecord(`x/${n}.json`, { n });
    assert.deepEqual((await directory.records<{ n: number }>("x/")).map(({ n }) => n), [1, 2, 3]);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
