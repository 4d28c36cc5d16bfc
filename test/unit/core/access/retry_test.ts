import assert from "node:assert/strict";
import { GranaryError } from "../../../../core/errors.ts";
import { mapBounded, Semaphore } from "../../../../core/concurrency.ts";
import {
  backoffMs,
  DEFAULT_RETRY,
  networkTrouble,
  retryAfterMs,
  Trouble,
  withRetries,
} from "../../../../core/access/retry.ts";
import { networkSettings } from "../../../../core/access/settings.ts";

const POLICY = { ...DEFAULT_RETRY, attempts: 5, baseMs: 1, capMs: 2 };
const trouble = (fields: Partial<ConstructorParameters<typeof Trouble>[0]> = {}) =>
  new Trouble({ kind: "status", asked: "it", came: "500", advice: "wait", retryable: true, ...fields });

Deno.test("waits double up to a cap and are spread; what a server asks for is a floor", () => {
  const policy = { ...DEFAULT_RETRY, baseMs: 100, capMs: 1000 };
  for (let next = 2; next < 12; next++) {
    const full = Math.min(1000, 100 * 2 ** (next - 2));
    const waits = Array.from({ length: 200 }, () => backoffMs(policy, next, undefined));
    assert.ok(waits.every((wait) => wait >= full / 2 && wait <= full));
    assert.ok(new Set(waits).size > 100, "no two clients wait alike");
  }
  for (let i = 0; i < 100; i++) assert.ok(backoffMs(policy, 2, 4000) >= 4000);
});

Deno.test("retry-after is read as seconds and as a date", () => {
  const now = Date.parse("2026-11-21T00:00:00Z");
  assert.equal(retryAfterMs("7"), 7000);
  assert.equal(retryAfterMs(" 0.5 "), 500);
  assert.equal(retryAfterMs("Sat, 21 Nov 2026 00:01:00 GMT", now), 60_000);
  assert.equal(retryAfterMs("Fri, 20 Nov 2026 00:01:00 GMT", now), 0);
  assert.equal(retryAfterMs("soon"), undefined);
  assert.equal(retryAfterMs(null), undefined);
});

Deno.test("what may pass is tried again, what may not is thrown at once, bugs are never hidden", async () => {
  let calls = 0;
  assert.equal(
    await withRetries(POLICY, undefined, (n) => ++calls < 4 ? Promise.reject(trouble()) : Promise.resolve(n)),
    4,
  );
  const once = async (error: Error, expected: RegExp) => {
    let times = 0;
    await assert.rejects(withRetries(POLICY, undefined, () => Promise.reject((times++, error))), expected);
    return times;
  };
  assert.equal(await once(trouble(), /it: 500, 5 times \(wait\)/), 5);
  assert.equal(await once(trouble({ kind: "range" }), /3 times/), 3);
  assert.equal(await once(trouble({ retryable: false }), /^GranaryError: it: 500 \(wait\)$/), 1);
  assert.equal(await once(new TypeError("a bug"), /^TypeError: a bug$/), 1);
  assert.equal(await once(new GranaryError("credential", "no"), /no/), 1);
  assert.equal(await once(trouble({ retryAfterMs: 10 ** 9 }), /asks to wait 1000000 s/), 1);
});

Deno.test("an interruption ends a wait at once", async () => {
  const control = new AbortController();
  const slow = { ...POLICY, baseMs: 60_000, capMs: 60_000 };
  const waiting = withRetries(slow, control.signal, () => Promise.reject(trouble()));
  setTimeout(() => control.abort(), 5);
  await assert.rejects(waiting, (error) => error instanceof GranaryError && error.tag === "interrupted");
});

Deno.test("engines' words for the same failure are understood", () => {
  const kinds: [Error, string][] = [
    [
      new TypeError(
        "error sending request for url (http://x/): client error (Connect): dns error: failed to lookup address information",
      ),
      "dns",
    ],
    [Object.assign(new Error("getaddrinfo ENOTFOUND x"), { code: "ENOTFOUND" }), "dns"],
    [
      new TypeError(
        "error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)",
      ),
      "refused",
    ],
    [
      Object.assign(new Error("Unable to connect. Is the computer able to access the url?"), {
        code: "ConnectionRefused",
      }),
      "refused",
    ],
    [new TypeError("error sending request: invalid peer certificate: UnknownIssuer"), "tls"],
    [
      Object.assign(new Error("unable to verify the first certificate"), {
        code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      }),
      "tls",
    ],
    [
      Object.assign(new Error("The socket connection was closed unexpectedly."), { code: "ECONNRESET" }),
      "reset",
    ],
    [
      new TypeError("error reading a body from connection: end of file before message length reached"),
      "reset",
    ],
    [
      new TypeError("fetch failed", { cause: Object.assign(new Error("read"), { code: "ETIMEDOUT" }) }),
      "timeout",
    ],
    [new Error("something never seen"), "network"],
  ];
  for (const [error, kind] of kinds) {
    const found = networkTrouble("it", error);
    assert.equal(found.kind, kind, error.message);
    assert.equal(found.retryable, kind !== "tls");
  }
});

Deno.test("a semaphore serves in order, gives way to none, and survives those that give up", async () => {
  const lock = new Semaphore(3);
  const log: string[] = [];
  const hold = await lock.acquire(2);
  const control = new AbortController();
  const large = lock.acquire(3, control.signal).then((free) => (log.push("large"), free));
  const small = lock.acquire(1).then((free) => (log.push("small"), free));
  await Promise.resolve();
  assert.deepEqual(log, [], "the small one waits behind the large one");
  control.abort(new Error("gave up"));
  await assert.rejects(large, /gave up/);
  (await small)();
  hold();
  hold();
  const all = await lock.acquire(100);
  assert.deepEqual(log, ["small"]);
  all();
  assert.throws(() => new Semaphore(0), RangeError);
});

Deno.test("bounded work keeps its order and its bound, and stops at the first failure", async () => {
  let underWay = 0;
  let most = 0;
  const results = await mapBounded([5, 1, 4, 2, 3], 2, async (value) => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, value));
    underWay -= 1;
    return value * 2;
  });
  assert.deepEqual(results, [10, 2, 8, 4, 6]);
  assert.equal(most, 2);
  const started: number[] = [];
  await assert.rejects(
    mapBounded([0, 1, 2, 3, 4, 5], 1, (value) => {
      started.push(value);
      return value === 2 ? Promise.reject(new Error("third")) : Promise.resolve();
    }),
    /third/,
  );
  assert.deepEqual(started, [0, 1, 2]);
});

Deno.test("the environment sets timeouts, attempts and requests, within bounds", () => {
  assert.deepEqual(networkSettings({}), { limits: {}, retry: {} });
  assert.deepEqual(
    networkSettings({ GRANARY_HTTP_TIMEOUT: "2.5", GRANARY_HTTP_ATTEMPTS: "3", GRANARY_HTTP_REQUESTS: "4" }),
    {
      limits: { headersTimeoutMs: 2500, idleTimeoutMs: 2500, requestsPerHost: 4 },
      retry: { attempts: 3, unansweredAttempts: 3 },
    },
  );
  for (const bad of ["0", "-1", "many", "1e9"]) {
    assert.throws(
      () => networkSettings({ GRANARY_HTTP_ATTEMPTS: bad }),
      /GRANARY_HTTP_ATTEMPTS is ".*wanted a number from 1 to 100/,
    );
  }
});

Deno.test("a host that has never answered is given up after fewer attempts, and after fewer still that cost a timeout", async () => {
  const attemptsAt = async (error: Error, unanswered: boolean) => {
    let attempts = 0;
    const failing = withRetries({ ...POLICY, unansweredAttempts: 3 }, undefined, () => {
      attempts += 1;
      return Promise.reject(networkTrouble("https://host/x", error, unanswered));
    });
    await assert.rejects(failing, GranaryError);
    return attempts;
  };
  const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  const late = Object.assign(new Error("timed out"), { code: "ETIMEDOUT" });
  assert.equal(await attemptsAt(refused, true), 3);
  assert.equal(await attemptsAt(late, true), 2);
  assert.equal(await attemptsAt(refused, false), 5);
});
