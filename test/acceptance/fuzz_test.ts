/**
 * Other people's bytes, damaged: catalogs, saved answers, and what a run directory holds. Each is read or
 * refused by an error that names the file; nothing else may happen. Seeded, so that a case can be run again.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { GranaryError } from "../../core/errors.ts";
import { FolderTarget } from "../../core/access/folder_target.ts";
import { HttpClient } from "../../core/access/http.ts";
import { DEFAULT_RETRY } from "../../core/access/retry.ts";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import { select } from "../../catalog/query/select.ts";
import { discoverCmrJson, discoverStac, type Discovery } from "../../catalog/discover/discover.ts";
import { readPlan } from "../../aggregate/run_directory/plan_document.ts";
import { RunDirectory } from "../../aggregate/run_directory/run_directory.ts";
import { scatterRecords } from "../../aggregate/run_directory/scatter_records.ts";
import { shardRecords } from "../../aggregate/run_directory/shard_records.ts";
import { temporaryFolder } from "../support/binary.ts";
import { ok, seeded, simulatedWorld } from "../support/run_world.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";

const CATALOGS = 150;
const ANSWERS = 1200;
const RECORDS = 1500;

/** No case may take longer: it would be a hang. */
const LONGEST_MS = 20_000;

const folder = temporaryFolder("granary-fuzz-");

/** Flips, overwrites, doubles or cuts, at a few places. */
function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  const at = () => Math.floor(random() * bytes.length);
  const kind = random();
  if (kind < 0.2) return bytes.slice(0, at());
  if (kind < 0.3) {
    const from = at(), to = Math.min(bytes.length, from + 1 + Math.floor(random() * 200));
    return Uint8Array.from([...bytes.subarray(0, to), ...bytes.subarray(from)]);
  }
  const damaged = bytes.slice();
  // Half of the cases near the end, where Parquet has its footer.
  const start = random() < 0.5 ? Math.max(0, bytes.length - 2000) : 0;
  for (let n = 1 + Math.floor(random() * 8); n > 0; n--) {
    const place = start + Math.floor(random() * (bytes.length - start));
    damaged[place] = random() < 0.5 ? damaged[place] ^ (1 << Math.floor(random() * 8)) : random() * 256;
  }
  return damaged;
}

/** Runs a case; true where the bytes were read, false where they were refused as they should be. */
async function survives(file: string, what: string, read: () => Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no end after ${LONGEST_MS} ms`)), LONGEST_MS);
  });
  try {
    await Promise.race([read(), hang]);
    return true;
  } catch (error) {
    assert.ok(error instanceof GranaryError, `${what}: ${(error as Error).stack}`);
    assert.ok(
      error.message.includes(path.basename(file)),
      `${what}: does not name its file: ${error.message}`,
    );
    assert.ok(error.message.length < 5000, `${what}: ${error.message.length} characters`);
    return false;
  } finally {
    clearTimeout(timer);
  }
}

async function drain({ rows }: Discovery): Promise<void> {
  for await (const _ of rows) { /* every row is made */ }
}

Deno.test(`${CATALOGS} damaged catalogs are read or refused by name`, async () => {
  const world = await simulatedWorld(5, 60);
  const whole = new Uint8Array(fs.readFileSync(path.join(world.folder, "catalog.parquet")));
  const file = path.join(folder, "damaged.parquet");
  const random = seeded(1);
  let read = 0;
  for (let n = 0; n < CATALOGS; n++) {
    fs.writeFileSync(file, damage(whole, random));
    const survived = await survives(file, `catalog ${n}`, async () => {
      const catalog = await openCatalog(file, { memoryBytes: 500e6 });
      try {
        await select(catalog, { order: 6, convention: "authalic" });
      } finally {
        catalog.close();
      }
    });
    if (survived) read += 1;
  }
  console.log(`${CATALOGS} damaged catalogs: ${read} read, ${CATALOGS - read} refused`);
  assert.ok(read < CATALOGS);
});

/** Changes a value somewhere in a JSON document: another type, an extreme, nothing at all. */
function damageJson(value: unknown, random: () => number): unknown {
  const extremes = [null, "", -1, 1e308, NaN, [], {}, true, "9".repeat(40), "\u0000", [[]], { a: { a: {} } }];
  if (random() < 0.04) return extremes[Math.floor(random() * extremes.length)];
  if (Array.isArray(value)) {
    if (value.length === 0) return value;
    const at = Math.floor(random() * value.length);
    return value.slice(0, 40).map((item, i) => i === at ? damageJson(item, random) : item);
  }
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value);
    const chosen = keys[Math.floor(random() * keys.length)];
    if (random() < 0.05) return Object.fromEntries(Object.entries(value).filter(([key]) => key !== chosen));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, key === chosen ? damageJson(item, random) : item]),
    );
  }
  return extremes[Math.floor(random() * extremes.length)];
}

Deno.test({
  name: `${ANSWERS} damaged answers of CMR and STAC become rows or are refused by name`,
  ignore: !hasSharedData,
  fn: async () => {
    const random = seeded(2);
    const io = { client: new HttpClient(), retry: DEFAULT_RETRY };
    const files = ["cmr", "stac"].flatMap((kind) =>
      fs.readdirSync(sharedData(kind)).filter((name) => name.endsWith(".json"))
        .map((name) => ({ kind, text: fs.readFileSync(sharedData(`${kind}/${name}`), "utf8") }))
    ).filter(({ text }) => text.length < 300_000);
    let read = 0;
    for (let n = 0; n < ANSWERS; n++) {
      const { kind, text } = files[n % files.length];
      const file = path.join(folder, `answer-${n % 7}.json`);
      let document: unknown = JSON.parse(text);
      for (let times = 1 + Math.floor(random() * 3); times > 0; times--) {
        document = damageJson(document, random);
      }
      const bytes = new TextEncoder().encode(JSON.stringify(document));
      fs.writeFileSync(file, random() < 0.2 ? damage(bytes, random) : bytes);
      const options = { cellOrder: 5, asked: "2026-01-01T00:00:00Z", onWarning: () => {} };
      const survived = await survives(
        file,
        `answer ${n} (${kind})`,
        () => drain(kind === "cmr" ? discoverCmrJson([file], options) : discoverStac([file], io, options)),
      );
      if (survived) read += 1;
    }
    console.log(`${ANSWERS} damaged answers: ${read} read, ${ANSWERS - read} refused`);
    assert.ok(read > 0 && read < ANSWERS);
  },
});

Deno.test(`${RECORDS} damaged plans and records are refused by name, every one`, async () => {
  const world = await simulatedWorld(3, 60);
  const store = path.join(world.folder, "s.zarr"), run = `${store}.run`;
  await ok([...world.args, "-o", store, "--plan-only", "--batches", "1"], { cwd: world.folder });
  await ok(["work", run, "--scatter", "0"], { cwd: world.folder });
  await ok(["work", run, "--reduce", "0"], { cwd: world.folder });
  const directory = RunDirectory.in(run);
  const target = new FolderTarget(run);
  const whole = await target.list("");
  const readers: [string, () => Promise<unknown>][] = [
    ["plan.json", () => readPlan(directory)],
    ["run.json", () => readPlan(directory)],
    [whole.find((key) => key.startsWith("scatter/"))!, () => scatterRecords(directory)],
    [whole.find((key) => key.startsWith("shards/"))!, () => shardRecords(directory)],
  ];
  const random = seeded(3);
  for (let n = 0; n < RECORDS; n++) {
    const [key, read] = readers[n % readers.length];
    const file = path.join(run, key);
    const bytes = new Uint8Array(fs.readFileSync(file));
    const damaged = damage(bytes, random);
    if (Buffer.compare(damaged, bytes) === 0) continue;
    fs.writeFileSync(file, damaged);
    assert.equal(await survives(file, `${key} ${n}`, read), false, `${key} ${n} was taken for whole`);
    fs.writeFileSync(file, bytes);
  }
  console.log(`${RECORDS} damaged plans and records: all refused`);
});
