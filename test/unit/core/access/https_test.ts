import assert from "node:assert/strict";
import { GranaryError } from "../../../../core/errors.ts";
import { SourceOpener } from "../../../../core/access/open.ts";
import type { Fault } from "../../../support/faults.ts";
import { FaultSchedule } from "../../../support/faults.ts";
import { Loopback, patternBytes } from "../../../support/loopback.ts";

const BYTES = patternBytes(400_000);
const RETRY = { attempts: 4, baseMs: 2, capMs: 10 };
/** Longer than any answer of a busy machine takes to come; where one never comes, the test waits for it. */
const LIMITS = { headersTimeoutMs: 10_000, idleTimeoutMs: 10_000 };
const LIMITS_OF_SILENCE = { headersTimeoutMs: 600, idleTimeoutMs: 600 };

async function withServer(
  run: (server: Loopback, opener: SourceOpener) => Promise<void>,
  limits = LIMITS,
): Promise<void> {
  const server = await Loopback.start((request, response) => server.sendFile(request, response, BYTES));
  try {
    await run(server, new SourceOpener({ env: { HOME: "/nonexistent" }, retry: RETRY, limits }));
  } finally {
    await server.stop();
  }
}

const fails = (tag: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GranaryError, String(error));
  assert.equal(error.tag, tag);
  assert.match(error.message, text);
  return true;
};

Deno.test("opening costs one request and tells size and version", () =>
  withServer(async (server, opener) => {
    const source = await opener.open(`${server.url}/a.h5`);
    assert.equal(source.sizeBytes, BYTES.length);
    assert.equal(source.versionTag, '"v1"');
    assert.equal(server.seen.length, 1);
    assert.deepEqual(await source.read(0, 1000), BYTES.slice(0, 1000));
    assert.equal(server.seen.length, 1, "the first block came with the opening");
    assert.deepEqual(await source.read(200_000, 100_000), BYTES.slice(200_000, 300_000));
    assert.equal(server.seen.length, 2);
    assert.deepEqual(source.counters, { opens: 1, requests: 2, bytes: server.sentBytes });
    await source.close();
  }));

Deno.test("an empty file is a source of no bytes", async () => {
  const server = await Loopback.start((request, response) =>
    server.sendFile(request, response, new Uint8Array(0))
  );
  try {
    const source = await new SourceOpener({ env: {} }).open(`${server.url}/empty`);
    assert.equal(source.sizeBytes, 0);
  } finally {
    await server.stop();
  }
});

const passing: Record<string, Fault> = {
  "a timeout": { kind: "silence" },
  "a reset before the answer": { kind: "reset" },
  "a reset within the body": { kind: "reset", after: 0.5 },
  "429 with retry-after": { kind: "status", status: 429, headers: { "retry-after": "0" } },
  "500": { kind: "status", status: 500 },
  "503 SlowDown": { kind: "status", status: 503, body: "<Error><Code>SlowDown</Code></Error>" },
  "a short body": { kind: "short", share: 0.3 },
  "too long a body": { kind: "overlong" },
  "another range": { kind: "wrong-range" },
};

/**
 * Deno's fetch sends a request once more by itself when a connection that it kept was cut before an answer:
 * then the server sees one more than were asked for, never fewer.
 */
function assertRequests(server: Loopback, counted: number, expected: number, fault: Fault): void {
  if (fault.kind === "reset" && fault.after === undefined) {
    assert.ok(counted <= expected && server.seen.length >= counted && server.seen.length <= expected + 1);
    return;
  }
  assert.equal(server.seen.length, expected);
  assert.equal(counted, expected);
}

const limitsFor = (fault: Fault) => fault.kind === "silence" ? LIMITS_OF_SILENCE : LIMITS;

for (const [name, fault] of Object.entries(passing)) {
  for (const at of [1, 2, 5]) {
    Deno.test(`${name} at request ${at} is tried again and costs one request more`, () =>
      withServer(async (server, opener) => {
        server.faults = new FaultSchedule([{ at: [at], fault }]);
        const source = await opener.open(`${server.url}/a.h5`);
        for (let i = 0; i < 6; i++) {
          const offset = 50_000 + i * 50_000;
          assert.deepEqual(await source.read(offset, 40_000), BYTES.slice(offset, offset + 40_000));
        }
        assert.equal(server.faults.served, 1);
        assertRequests(server, source.counters.requests, 1 + 6 + 1, fault);
        await source.close();
      }, limitsFor(fault)));
  }
  Deno.test(`${name} that stays is given up with what was asked, what came and what to do`, () =>
    withServer(async (server, opener) => {
      const source = await opener.open(`${server.url}/a.h5?token=hidden`);
      server.faults = new FaultSchedule([{ at: "every", fault }]);
      const limit = /range|long/.test(name) ? 3 : 4;
      await assert.rejects(source.read(100_000, 50_000), (error) => {
        assert.ok(error instanceof GranaryError);
        assert.match(
          error.message,
          new RegExp(`^${server.url}/a.h5 bytes 100000 to 149999: .*, ${limit} times \\(.+\\)$`),
        );
        assert.doesNotMatch(error.message, /hidden/);
        return true;
      });
      assertRequests(server, source.counters.requests, 1 + limit, fault);
      await source.close();
    }, limitsFor(fault)));
}

Deno.test("a server that asks for a longer wait than allowed is given up at once", () =>
  withServer(async (server, opener) => {
    server.faults = new FaultSchedule([{
      at: "every",
      fault: { kind: "status", status: 429, headers: { "retry-after": "4000" } },
    }]);
    await assert.rejects(opener.open(`${server.url}/a.h5`), fails("io", /429 and asks to wait 4000 s/));
    assert.equal(server.seen.length, 1);
  }));

for (const at of [2, 3, 5]) {
  Deno.test(`a file whose ETag changes at request ${at} ends the reading and is not mixed`, () =>
    withServer(async (server, opener) => {
      server.faults = new FaultSchedule([{ at: [at], fault: { kind: "changed" } }]);
      const source = await opener.open(`${server.url}/a.h5`);
      const read = async () => {
        for (let i = 0; i < 6; i++) await source.read(50_000 * (i + 1), 40_000);
      };
      await assert.rejects(read(), fails("granule", /changed while it was read .*"v1".*"another"/));
      assert.equal(server.seen.length, at);
      await source.close();
    }));
}

Deno.test("a file that becomes shorter under the reader is distinguished from one that is damaged", async () => {
  let bytes = BYTES;
  const server = await Loopback.start((request, response) => server.sendFile(request, response, bytes));
  try {
    const opener = new SourceOpener({ env: {}, retry: RETRY });
    const source = await opener.open(`${server.url}/a.h5`);
    bytes = BYTES.slice(0, 100_000);
    await assert.rejects(source.read(50_000, 40_000), fails("granule", /changed while it was read/));
    await assert.rejects(source.read(200_000, 40_000), fails("granule", /changed while it was read/));
    await assert.rejects(source.read(390_000, 40_000), fails("granule", /cut short or damaged/));
  } finally {
    await server.stop();
  }
});

Deno.test("a small file from a server that ignores ranges is read whole, once", () =>
  withServer(async (server, opener) => {
    server.faults = new FaultSchedule([{ at: "every", fault: { kind: "ignore-range" } }]);
    const source = await opener.open(`${server.url}/a.h5`);
    assert.deepEqual(await source.read(200_000, 100_000), BYTES.slice(200_000, 300_000));
    assert.equal(server.seen.length, 1);
    await source.close();
  }));

Deno.test("a large file from a server that ignores ranges is refused with what to do", async () => {
  const server = await Loopback.start((_request, response) => {
    response.writeHead(200, { "content-length": 10 ** 9 });
    response.write(new Uint8Array(1000));
  });
  try {
    const opener = new SourceOpener({ env: {}, retry: RETRY });
    await assert.rejects(
      opener.open(`${server.url}/a.h5`),
      fails("granule", /ignores ranges.*1000000000 bytes.*granary fetch/),
    );
    assert.equal(server.seen.length, 3);
  } finally {
    await server.stop();
  }
});

Deno.test("a web page instead of data is never taken for data", () =>
  withServer(async (server, opener) => {
    server.faults = new FaultSchedule([{ at: "every", fault: { kind: "login-page" } }]);
    await assert.rejects(
      opener.open(`${server.url}/a.h5`),
      fails("granule", /a web page came instead of data.*Please log in/),
    );
    assert.equal(server.seen.length, 1);
  }));

Deno.test("answers that no second try repairs are reported at once", async () => {
  const expected: [number, string, RegExp][] = [
    [404, "granule", /404.*not there/],
    [403, "granule", /403.*may not be read/],
    [410, "granule", /410.*removed/],
    [400, "granule", /400.*check the address/],
    [401, "credential", /401 and wants a login/],
  ];
  for (const [status, tag, text] of expected) {
    await withServer(async (server, opener) => {
      server.faults = new FaultSchedule([{ at: "every", fault: { kind: "status", status } }]);
      await assert.rejects(opener.open(`${server.url}/a.h5`), fails(tag, text));
      assert.equal(server.seen.length, 1);
    });
  }
});

Deno.test("a name that no one knows and a port where no one listens are network errors that say what to do", async () => {
  const opener = new SourceOpener({ env: {}, retry: { ...RETRY, attempts: 2 } });
  await assert.rejects(
    opener.open("http://no-such-host.invalid/a.h5"),
    fails("io", /could not be resolved, 2 times/),
  );
  const server = await Loopback.start(() => {});
  const { url } = server;
  await server.stop();
  await assert.rejects(opener.open(`${url}/a.h5`), fails("io", /connection was refused, 2 times/));
});

Deno.test("long bodies from a host that is fast come at once, and what goes wrong with them is repaired", () =>
  withServer(async (server) => {
    const opener = new SourceOpener({
      env: {},
      retry: { attempts: 3, baseMs: 2, capMs: 5 },
      limits: { headersTimeoutMs: 400, idleTimeoutMs: 400 },
    });
    const source = await opener.open(`${server.url}/a.h5`);
    const range = { offset: 100_000, length: 300_000 };
    const read = async () => {
      const counted = source.counters.bytes;
      const [bytes] = await source.readMany([range]);
      assert.deepEqual(bytes, BYTES.slice(range.offset, range.offset + range.length));
      return source.counters.bytes - counted;
    };
    assert.equal(await read(), range.length, "its speed is seen now");
    assert.equal(await read(), range.length);
    for (
      const fault of [
        { kind: "reset", after: 0.5 },
        { kind: "short", share: 0.5 },
        { kind: "overlong" },
        { kind: "silence" },
        { kind: "status", status: 503 },
      ] as const
    ) {
      server.faults = new FaultSchedule([{ at: [1], fault }]);
      const asked = server.seen.length;
      assert.ok(await read() >= range.length, fault.kind);
      assert.ok(server.seen.length >= asked + 2, `${fault.kind} was met`);
    }
    await source.close();
  }));

Deno.test("no more requests than allowed are under way at one host", () =>
  withServer(async (server) => {
    server.latencyMs = 20;
    const opener = new SourceOpener({ env: {}, limits: { requestsPerHost: 3 } });
    const source = await opener.open(`${server.url}/a.h5`);
    const ranges = Array.from({ length: 4 }, (_, i) => ({ offset: 40_000 + i * 90_000, length: 1000 }));
    const parts = await source.readMany(ranges);
    parts.forEach((bytes, i) =>
      assert.deepEqual(bytes, BYTES.slice(ranges[i].offset, ranges[i].offset + 1000))
    );
    assert.equal(server.seen.length, 5);
    assert.equal(server.mostAtOnce, 3);
    await source.close();
  }));

Deno.test("an aborted run ends its requests and waits", () =>
  withServer(async (server) => {
    const control = new AbortController();
    const opener = new SourceOpener({
      env: {},
      signal: control.signal,
      limits: { headersTimeoutMs: 60_000 },
    });
    const source = await opener.open(`${server.url}/a.h5`);
    server.faults = new FaultSchedule([{ at: "every", fault: { kind: "silence" } }]);
    const reading = source.read(100_000, 50_000);
    setTimeout(() => control.abort(), 20);
    await assert.rejects(reading, fails("interrupted", /interrupted/));
  }));
