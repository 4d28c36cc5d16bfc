import assert from "node:assert/strict";
import { SourceOpener } from "../../../../core/access/open.ts";
import type { SourceLocation } from "../../../../core/access/location.ts";
import { FaultSchedule } from "../../../support/faults.ts";
import { Loopback, patternBytes } from "../../../support/loopback.ts";

const SMALL = patternBytes(1_000_000);
const LARGE = patternBytes(6_000_000);
/** Of a large file that comes whole: three parts, and the first tells its size. */
const WHOLE_REQUESTS = 3;
/** Of small files, of which the first sixth is asked for whole at once, and the size of the others first. */
const smallRequests = (i: number) => i < 30 / 6 ? 1 : 2;

async function withServer(
  run: (server: Loopback, locations: SourceLocation[], opener: SourceOpener) => Promise<void>,
) {
  const server = await Loopback.start((request, response) =>
    server.sendFile(request, response, request.url!.includes("large") ? LARGE : SMALL)
  );
  const opener = new SourceOpener({ env: {}, retry: { attempts: 2, baseMs: 2, capMs: 5 } });
  try {
    const locations = Array.from(
      { length: 30 },
      (_, i) => ({ kind: "https" as const, url: `${server.url}/small-${i}` }),
    );
    await run(server, locations, opener);
  } finally {
    await opener.close();
    await server.stop();
  }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 150));

/** Waits for what is under way; a busy machine takes its time. */
async function until(holds: () => boolean): Promise<void> {
  for (let wait = 0; wait < 800 && !holds(); wait++) await new Promise((resolve) => setTimeout(resolve, 25));
}

Deno.test("the next files are opened ahead, small ones whole, and not more than a few", () =>
  withServer(async (server, locations, opener) => {
    opener.expect(locations);
    const came = (files: number) =>
      locations.slice(0, files).every((_, i) => server.count(new RegExp(`small-${i}$`)) === smallRequests(i));
    await until(() => came(8));
    await settle();
    assert.ok(came(8), "before any is asked for");
    assert.equal(server.count(/small-8$/), 0);
    const first = await opener.open(locations[0]);
    await until(() => came(9));
    await settle();
    assert.ok(came(9));
    assert.equal(server.count(/small-9$/), 0);
    const second = await opener.open(locations[1]);
    for (const at of [500_000, 10, 999_000]) {
      assert.deepEqual(await second.read(at, 1000), SMALL.slice(at, at + 1000));
    }
    assert.equal(server.count(/small-1$/), 1, "all that is read was there");
    await until(() => server.count(/small-9$/) === 2);
    assert.equal(server.count(/small-9$/), 2);
    await first.close();
    await second.close();
  }));

Deno.test("a list that is told again, in whole or in part, has nothing opened again", () =>
  withServer(async (server, locations, opener) => {
    opener.expect(locations);
    await settle();
    opener.expect(locations.slice(1));
    for (const location of locations) await (await opener.open(location)).close();
    await settle();
    locations.forEach((_, i) => {
      assert.equal(
        server.seen.filter(({ headers, url }) =>
          url === `/small-${i}` && headers.range?.startsWith("bytes=0-")
        )
          .length,
        1,
        `file ${i}`,
      );
    });
  }));

Deno.test("every file is opened once, in whatever order they are taken", () =>
  withServer(async (server, locations, opener) => {
    opener.expect(locations);
    const order = locations.map((_, i) => locations[(i * 7) % 30]);
    for (const location of order) {
      const source = await opener.open(location);
      assert.deepEqual(await source.read(700_000, 500), SMALL.slice(700_000, 700_500));
      await source.close();
    }
    await settle();
    for (let i = 0; i < 30; i++) {
      assert.equal(
        server.seen.filter(({ headers, url }) =>
          url === `/small-${i}` && headers.range?.startsWith("bytes=0-")
        )
          .length,
        1,
      );
    }
  }));

Deno.test("a large file is opened ahead and not read", () =>
  withServer(async (server, _locations, opener) => {
    const large = [0, 1].map((i) => ({ kind: "https" as const, url: `${server.url}/large-${i}` }));
    opener.expect(large);
    await (await opener.open(large[0])).close();
    await until(() => server.count(/large-1/) > 0);
    await settle();
    assert.equal(server.count(/large-1/), 1);
  }));

/** Reads the first `bytes` of a large file as its reader does, in many ranges, and closes it. */
async function readLarge(opener: SourceOpener, location: SourceLocation, bytes: number): Promise<void> {
  const source = await opener.open(location);
  for (let at = 0; at < bytes; at += 100_000) {
    assert.deepEqual(await source.read(at, 100_000), LARGE.slice(at, at + 100_000));
  }
  await source.close();
}

Deno.test("once nearly all of a file was asked for, the next ones come whole, until less is asked for", () =>
  withServer(async (server, _locations, opener) => {
    const large = Array.from(
      { length: 40 },
      (_, i) => ({ kind: "https" as const, url: `${server.url}/large-${i}-` }),
    );
    const requests = (i: number) => server.count(new RegExp(`large-${i}-`));
    opener.expect(large);
    await readLarge(opener, large[0], 6_000_000);
    await readLarge(opener, large[1], 6_000_000);
    assert.equal(requests(1), WHOLE_REQUESTS);
    for (let i = 2; i < 12; i++) await readLarge(opener, large[i], 600_000);
    await settle();
    await readLarge(opener, large[30], 600_000);
    assert.ok(requests(30) > 5, "a tenth is asked for");
  }));

Deno.test("of many files the first come whole, before anything is known of how they are read", () =>
  withServer(async (server, _locations, opener) => {
    const large = Array.from(
      { length: 48 },
      (_, i) => ({ kind: "https" as const, url: `${server.url}/large-${i}-` }),
    );
    opener.expect(large);
    await readLarge(opener, large[0], 6_000_000);
    const whole = () =>
      large.filter((_, i) => server.count(new RegExp(`large-${i}-`)) === WHOLE_REQUESTS).length;
    await until(() => server.count(/large-8-/) > 0 && whole() >= 3);
    assert.ok(whole() >= 3, `${whole()} files came whole`);
    assert.equal(server.count(/large-0-/), WHOLE_REQUESTS);
  }));

Deno.test("while the first of many files is read, a sixth of all comes whole, and no more", () =>
  withServer(async (server, _locations, opener) => {
    const large = Array.from(
      { length: 48 },
      (_, i) => ({ kind: "https" as const, url: `${server.url}/large-${i}-` }),
    );
    const whole = () =>
      large.filter((_, i) => server.count(new RegExp(`large-${i}-`)) === WHOLE_REQUESTS).length;
    opener.expect(large);
    const first = await opener.open(large[0]);
    await until(() => whole() === 8);
    await settle();
    assert.equal(whole(), 8);
    await first.close();
  }));

Deno.test("a file that cannot be opened ahead fails where it is taken, and only there", () =>
  withServer(async (server, locations, opener) => {
    server.faults = new FaultSchedule([{
      at: "every",
      fault: { kind: "status", status: 404 },
      path: /small-3$/,
    }]);
    opener.expect(locations);
    for (let i = 0; i < 6; i++) {
      if (i === 3) await assert.rejects(opener.open(locations[i]), /404/);
      else await (await opener.open(locations[i])).close();
    }
    await settle();
  }));

Deno.test("a file that is not in the list is not read whole", () =>
  withServer(async (server, locations, opener) => {
    opener.expect(locations.slice(1));
    const source = await opener.open(locations[0]);
    await settle();
    assert.equal(server.count(/small-0$/), 1);
    await source.close();
  }));

Deno.test("files opened ahead push nothing out of the cache that others still read", async () => {
  const server = await Loopback.start((request, response) => server.sendFile(request, response, SMALL));
  const opener = new SourceOpener({ env: {}, keptBytes: 1_500_000 });
  try {
    const [first, ...rest] = Array.from(
      { length: 6 },
      (_, i) => ({ kind: "https" as const, url: `${server.url}/small-${i}` }),
    );
    const source = await opener.open(first);
    for (let at = 0; at + 30_000 <= SMALL.length; at += 30_000) await source.read(at, 30_000);
    const before = server.count(/small-0$/);
    opener.expect(rest);
    const other = await opener.open(rest[0]);
    await settle();
    for (let at = 0; at + 30_000 <= SMALL.length; at += 30_000) await source.read(at, 30_000);
    assert.equal(server.count(/small-0$/), before);
    await other.close();
    await source.close();
  } finally {
    await opener.close();
    await server.stop();
  }
});
