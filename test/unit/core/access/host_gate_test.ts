import assert from "node:assert/strict";
import { HostGate, type Leave } from "../../../../core/access/host_gate.ts";

/** Whether a wait is over by now. */
async function isOver(wait: Promise<unknown>): Promise<boolean> {
  let over = false;
  wait.then(() => over = true, () => over = true);
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  return over;
}

async function enterAll(gate: HostGate, host: string, count: number): Promise<Leave[]> {
  return await Promise.all(Array.from({ length: count }, () => gate.enter(host, "read", false)));
}

Deno.test("hosts have places of their own, given in the order of asking", async () => {
  const gate = new HostGate(2, 8);
  const [first] = await enterAll(gate, "a", 2);
  const third = gate.enter("a", "read", false), fourth = gate.enter("a", "read", false);
  assert.equal(await isOver(third), false);
  assert.equal(await isOver(gate.enter("b", "read", false)), true);
  first(0);
  first(0);
  assert.equal(await isOver(third), true);
  assert.equal(await isOver(fourth), false, "a place is left once");
});

Deno.test("one that gives up takes no place", async () => {
  const gate = new HostGate(1, 1);
  const [leave] = await enterAll(gate, "a", 1);
  const control = new AbortController();
  const gone = gate.enter("a", "read", false, control.signal);
  const next = gate.enter("a", "read", false);
  control.abort(new Error("enough"));
  await assert.rejects(gone, /enough/);
  leave(0);
  assert.equal(await isOver(next), true);
});

Deno.test("a host that asks for fewer requests has half of the places from then on", async () => {
  const gate = new HostGate(4, 8);
  const places = await enterAll(gate, "a", 4);
  gate.throttle("a", performance.now());
  const next = gate.enter("a", "read", false);
  places[0](0);
  places[1](0);
  assert.equal(await isOver(next), false, "two are inside");
  places[2](0);
  assert.equal(await isOver(next), true);
});

Deno.test("what is written does not wait for what is read, and both together keep to the most", async () => {
  const gate = new HostGate(2, 3);
  const read = await Promise.all([1, 2].map(() => gate.enter("a", "read", true)));
  const readNext = gate.enter("a", "read", true);
  const written = gate.enter("a", "write", true);
  assert.equal(await isOver(written), true, "though reads wait");
  const writtenNext = gate.enter("a", "write", true);
  assert.equal(await isOver(writtenNext), false, "three are under way");
  read[0](0);
  assert.equal(await isOver(writtenNext), true, "it goes before what was asked for earlier");
  assert.equal(await isOver(readNext), false);
  (await written)(0);
  assert.equal(await isOver(readNext), true);
});

Deno.test("a host that asks for fewer requests is written to less too", async () => {
  const gate = new HostGate(4, 8);
  gate.throttle("a", performance.now());
  for (const direction of ["read", "write"] as const) {
    const places = [1, 2, 3].map(() => gate.enter("a", direction, false));
    assert.deepEqual(await Promise.all(places.map(isOver)), [true, true, false], direction);
  }
});
