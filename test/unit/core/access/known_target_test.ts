import assert from "node:assert/strict";
import type { ObjectTarget } from "../../../../core/access/object_target.ts";
import { knownTarget } from "../../../../core/access/known_target.ts";
import { Lease } from "../../../../runs/lease.ts";
import { NotingTarget } from "../../../support/noting_target.ts";

const bytes = (length: number) => new Uint8Array(length);

function world(): { there: NotingTarget; known: ObjectTarget } {
  const there = new NotingTarget();
  there.objects.set("plan.json", bytes(3)).set("shards/1.json", bytes(4));
  return { there, known: knownTarget(there as unknown as ObjectTarget) };
}

Deno.test("what is there is asked once, and what is not there is not asked for", async () => {
  const { there, known } = world();
  assert.deepEqual(await known.list("shards/"), ["shards/1.json"]);
  assert.deepEqual(await known.sizes(""), new Map([["plan.json", 3], ["shards/1.json", 4]]));
  assert.equal(await known.get("report.json"), undefined);
  await known.delete("report.json");
  assert.equal((await known.get("plan.json"))?.length, 3);
  assert.deepEqual(there.asked, ["list ", "get plan.json"]);
});

Deno.test("what its process writes and deletes is known", async () => {
  const { there, known } = world();
  await known.list("");
  await known.put("values/2", bytes(16));
  await known.putAll(new Map([["shards/10.json", bytes(5)], ["shards/2.json", bytes(6)]]));
  await known.delete("shards/1.json");
  assert.deepEqual(await known.sizes("s"), new Map([["shards/10.json", 5], ["shards/2.json", 6]]));
  assert.deepEqual(await known.list(""), [...there.objects.keys()].sort());
  assert.equal(there.asked.filter((what) => what.startsWith("list")).length, 1);
});

Deno.test("after a name that one process may have, and after a failure, what is there is asked anew", async () => {
  const { there, known } = world();
  await known.list("");
  there.objects.set("lease.1", bytes(9));
  assert.equal(await known.putNew("lease.1", bytes(1)), false);
  assert.deepEqual(await known.list("lease."), ["lease.1"]);
  there.breaks = true;
  await assert.rejects(known.put("run.json", bytes(2)), /lost/);
  assert.deepEqual(await known.list("run"), ["run.json"]);
  assert.equal(there.asked.filter((what) => what === "list ").length, 3);
});

Deno.test("what is written while a list is under way is written, though the list fails", async () => {
  const there = new NotingTarget();
  const held = Promise.withResolvers<Map<string, number>>();
  const known = knownTarget({
    name: "there",
    putAll: (objects: ReadonlyMap<string, Uint8Array>) => there.putAll(objects),
    sizes: () => held.promise,
  } as unknown as ObjectTarget);
  const listed = known.list("");
  const put = known.put("values/2", bytes(16));
  // The object is there by then.
  setTimeout(() => held.reject(new Error("no list")), 10);
  await assert.rejects(listed, /no list/);
  await put;
  assert.equal(there.objects.get("values/2")?.length, 16);
});

Deno.test("a process that looked before others took the lease and gave it on does not get it beside them", async () => {
  const { there, known } = world();
  await known.list("");
  // The first of the others is gone, and its lease with it; the second lives.
  const living = {
    host: "elsewhere",
    pid: 1,
    processStarted: "1",
    boot: "b",
    since: "today",
    beat: 0,
    job: "a:1",
  };
  there.objects.set("lease.2", new TextEncoder().encode(JSON.stringify(living)));
  await assert.rejects(Lease.take(known, { jobAlive: () => Promise.resolve(true) }), /held by batch job a:1/);
  assert.deepEqual(await known.list("lease."), ["lease.2"]);
});

Deno.test("a lease that its holder removed since it was listed is not waited for", async () => {
  const { there, known } = world();
  there.objects.set("lease.1", new TextEncoder().encode('{"host": "elsewhere"}'));
  await known.list("");
  there.objects.delete("lease.1");
  const lease = await Lease.take(known, { signal: AbortSignal.timeout(10_000) });
  await lease.release();
  assert.deepEqual(await known.list("lease."), [lease.key]);
});
