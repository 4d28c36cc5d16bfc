/**
 * Whole runs in which one request goes wrong, the first, the second or a later one, in ways that are not a
 * status: the run ends in the right bytes. Where every request goes wrong it ends saying why, after few of them.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { type Fault, FaultSchedule } from "../support/faults.ts";
import { GOLDEN, GOLDEN_BYTES, remote, sameBytes } from "../support/remote_scene.ts";

/** Which requests go wrong, a run each; a later one and one more share theirs. */
const MOMENTS = [[1], [2, 9]];

/** A granule's bytes come in requests of this size. */
const PART_BYTES = 2 * 1024 * 1024;

/** Requests that a granule's bytes take where none goes wrong: the first bytes, and the parts of the rest. */
const requestsOf = (granule: string) => 1 + Math.ceil(fs.statSync(granule).size / PART_BYTES);
const usualRequests = () => GOLDEN.reduce((sum, granule) => sum + requestsOf(granule), 0);

const ONCE: Record<string, Fault> = {
  "a short body": { kind: "short", share: 0.5 },
  "a wrong range": { kind: "wrong-range" },
  "more bytes than asked for": { kind: "overlong" },
  "an answer that ignores the range": { kind: "ignore-range" },
  "another version of the file": { kind: "changed" },
};

for (const [name, fault] of Object.entries(ONCE)) {
  remote(`${name} at the first, the second or a later request ends in the same bytes`, async (scene) => {
    const { cdn } = scene.world.earthdata;
    const catalog = await scene.catalog(() => scene.world.bases("atl06"));
    for (const moment of MOMENTS) {
      const [seen, sent] = [cdn.seen.length, cdn.sentBytes];
      cdn.faults = new FaultSchedule([{ at: moment, fault }]);
      const { code, stderr, store } = await scene.aggregate(catalog, ["--driver", "https"]);
      assert.equal(code, 0, `at ${moment}: ${stderr}`);
      assert.equal(cdn.faults.served, moment.length);
      await sameBytes(store);
      const requests = cdn.seen.length - seen;
      const bytes = cdn.sentBytes - sent;
      // Of a granule of which a request goes wrong all may be asked for once more, and what was under way.
      const most = usualRequests() + 2 * moment.length * Math.max(...GOLDEN.map(requestsOf));
      assert.ok(requests <= most, `at ${moment}: ${requests} requests, ${most} allowed`);
      // A file may come whole once more.
      assert.ok(bytes <= 2 * GOLDEN_BYTES, `at ${moment}: ${bytes} bytes`);
    }
  });
}

remote(
  "a login page at any request is repaired by a new address, or ends the run as a refused login",
  async (scene) => {
    const { cdn } = scene.world.earthdata;
    const catalog = await scene.catalog(() => scene.world.bases("atl06"));
    let repaired = 0;
    for (const moment of [1, 2, 9, 2 * GOLDEN.length]) {
      cdn.faults = new FaultSchedule([{ at: [moment], fault: { kind: "login-page" } }]);
      const { code, stderr, store } = await scene.aggregate(catalog, ["--driver", "https"]);
      assert.equal(cdn.faults.served, 1);
      if (code === 0) {
        repaired += 1;
        await sameBytes(store);
      } else {
        // Where the file is opened the page is the answer to the token itself.
        assert.equal(code, 4, stderr);
        assert.match(stderr, /a web page came instead of data: Earthdata does not accept the login/);
      }
    }
    assert.ok(repaired >= 1, "the last request reads what is open already");
  },
);

const ALWAYS: [string, Fault, RegExp, number][] = [
  [
    "short bodies",
    { kind: "short", share: 0.5 },
    /none of the first 4 granules could be reached.*only \d+ of \d+ bytes came/,
    1,
  ],
  ["wrong ranges", { kind: "wrong-range" }, /the first 8 granules all fail alike.*range/, 2],
  ["login pages", { kind: "login-page" }, /does not accept the login|web page came instead of data/, 4],
  ["cut connections", { kind: "reset" }, /the connection was cut, 2 times/, 1],
];

for (const [name, fault, reason, exit] of ALWAYS) {
  remote(`${name} at every request end the run with the reason and exit ${exit}`, async (scene) => {
    const { cdn } = scene.world.earthdata;
    cdn.faults = new FaultSchedule([{ at: "every", fault }]);
    const catalog = await scene.catalog(() => scene.world.bases("atl06"));
    const env = { GRANARY_HTTP_ATTEMPTS: "2" };
    const { code, stderr } = await scene.aggregate(catalog, ["--driver", "https"], env);
    assert.equal(code, exit, stderr);
    assert.match(stderr, reason);
    // A granule is tried twice, a request two or (for ranges) three times, by its address and a new one.
    assert.ok(cdn.seen.length <= GOLDEN.length * 12, `${cdn.seen.length} requests`);
  });
}

remote(
  "a file that changes for good while it is read is identified by its name, and the rest is read",
  async (scene) => {
    const { cdn } = scene.world.earthdata;
    const catalog = await scene.catalog(() => scene.world.bases("atl06"));
    const name = GOLDEN[0].split("/").at(-1)!;
    // From the second request for it on it never is again what it was.
    let version = 0;
    const faults = new FaultSchedule();
    faults.next = (url) => url.includes(name) && version++ % 2 === 1 ? { kind: "changed" } : undefined;
    cdn.faults = faults;
    const { code, stderr } = await scene.aggregate(catalog, ["--driver", "https"]);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /changed while it was read/);
    assert.ok(stderr.includes(name.replace(".h5", "")), stderr);
    assert.match(stderr, new RegExp(`1 of ${GOLDEN.length} granules`));
  },
);

remote(
  "a host that no one knows is a granule's failure; one met on the way is tried again",
  async (scene) => {
    const { data } = scene.world.earthdata;
    const catalog = await scene.catalog(() => scene.world.bases("atl06"));
    for (const moment of [1, 2, 4]) {
      const headers = { location: "http://granules.invalid/x.h5?Signature=none" };
      data.faults = new FaultSchedule([{ at: [moment], fault: { kind: "status", status: 303, headers } }]);
      const { code, stderr, store } = await scene.aggregate(catalog, ["--driver", "https"]);
      assert.equal(code, 0, stderr);
      assert.equal(data.faults.served, 1);
      await sameBytes(store);
    }
    const astray = await scene.catalog((_row, index) =>
      index === 0 ? { https_base: "https://granules.invalid/" } : scene.world.bases("atl06")
    );
    const { code, stderr } = await scene.aggregate(astray, ["--driver", "https"], {
      GRANARY_HTTP_ATTEMPTS: "2",
    });
    assert.equal(code, 3, stderr);
    assert.match(stderr, /the host's name could not be resolved/);
  },
);

remote("a clock that is wrong from some request on costs that request again", async (scene) => {
  const { s3 } = scene.world;
  const catalog = await scene.catalog(() => scene.world.bases("atl06"));
  for (const moment of [1, 9]) {
    s3.clockAheadMs = 0;
    let count = 0;
    const faults = new FaultSchedule();
    faults.next = () => {
      if (++count === moment) s3.clockAheadMs = 3 * 3_600_000;
      return undefined;
    };
    s3.server.faults = faults;
    const before = s3.server.seen.length;
    const { code, stderr, store } = await scene.aggregate(catalog, ["--driver", "s3"]);
    assert.equal(code, 0, stderr);
    await sameBytes(store);
    const requests = s3.server.seen.length - before;
    // Those that were under way when the clock jumped are sent again.
    assert.ok(requests <= 2 * usualRequests(), `${requests} requests`);
  }
});
