import assert from "node:assert/strict";
import { AdaptiveLimit } from "../../../../core/access/adaptive_limit.ts";

interface Host {
  latencyMs: number;
  /** Of the line that all answers share. */
  bytesASecond: number;
  bytes: number;
}

/** Asks a host for `count` answers, as many at a time as are allowed; the numbers that were allowed, in turn. */
function ask(limit: AdaptiveLimit, { latencyMs, bytesASecond, bytes }: Host, count: number): number[] {
  const ends: number[] = [];
  const allowed: number[] = [];
  let now = 0;
  let lineFree = 0;
  for (let done = 0; done < count; done++) {
    while (ends.length < limit.allowed) {
      lineFree = Math.max(lineFree, now + latencyMs) + bytes / bytesASecond * 1000;
      ends.push(lineFree);
    }
    now = ends.shift()!;
    limit.ended(now, bytes, true);
    allowed.push(limit.allowed);
  }
  return allowed;
}

Deno.test("a host whose requests only wait is given more, up to the most", () => {
  const limit = new AdaptiveLimit(16, 64);
  const allowed = ask(limit, { latencyMs: 50, bytesASecond: 1e9, bytes: 40_000 }, 2000);
  assert.equal(Math.max(...allowed), 64);
  assert.equal(allowed.at(-1), 64);
  assert.equal(Math.min(...allowed), 16);
});

Deno.test("where the line is full no more are given for long", () => {
  const limit = new AdaptiveLimit(16, 64);
  const allowed = ask(limit, { latencyMs: 50, bytesASecond: 100e6, bytes: 4_000_000 }, 4000);
  assert.ok(Math.max(...allowed) <= 24, "one try, and back");
  const at16 = allowed.filter((number) => number === 16).length;
  assert.ok(at16 > allowed.length * 0.8, `${at16} of ${allowed.length} at the start's number`);
});

Deno.test("no more than the most are given, and no fewer than one", () => {
  const most = new AdaptiveLimit(16, 16);
  assert.deepEqual(
    new Set(ask(most, { latencyMs: 50, bytesASecond: 1e9, bytes: 1000 }, 2000)),
    new Set([16]),
  );
  const limit = new AdaptiveLimit(16, 64);
  for (let cut = 1; cut <= 10; cut++) limit.throttled(cut * 100, cut * 100);
  assert.equal(limit.allowed, 1);
});

Deno.test("requests that were under way together cut the number once, and later ones let it rise again", () => {
  const limit = new AdaptiveLimit(16, 64);
  for (let i = 0; i < 16; i++) limit.throttled(100 + i, 50 + i);
  assert.equal(limit.allowed, 8);
  limit.throttled(300, 200);
  assert.equal(limit.allowed, 4);
  const allowed = ask(limit, { latencyMs: 50, bytesASecond: 1e9, bytes: 40_000 }, 4000);
  assert.equal(allowed.at(-1), 64);
});

Deno.test("a host that is asked little stays where it began", () => {
  const limit = new AdaptiveLimit(16, 64);
  for (let i = 0; i < 1000; i++) limit.ended(i * 10, 1000, false);
  assert.equal(limit.allowed, 16);
});
