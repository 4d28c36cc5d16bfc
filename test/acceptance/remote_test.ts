/**
 * The binary against granules that lie elsewhere: over HTTPS behind Earthdata's login, and in S3 with each
 * product's own short-lived keys. Wherever they are read from, the store has the same bytes.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { granary } from "../support/binary.ts";
import { forgetSignatures } from "../support/earthdata.ts";
import { type Fault, type FaultRule, FaultSchedule } from "../support/faults.ts";
import { GOLDEN, GOLDEN_BYTES, remote, sameBytes } from "../support/remote_scene.ts";

for (const driver of ["https", "s3", "auto"]) {
  remote(
    `the golden run over ${driver} gives the local run's bytes, and reads no more than the files`,
    async (scene) => {
      const { world } = scene;
      const catalog = await scene.catalog(() => world.bases("atl06"));
      const { code, stderr, store } = await scene.aggregate(catalog, ["--driver", driver]);
      assert.equal(code, 0, stderr);
      await sameBytes(store);
      const s3 = driver !== "https";
      const server = s3 ? world.s3.server : world.earthdata.cdn;
      assert.equal((s3 ? world.earthdata.cdn : world.s3.server).seen.length, 0, "one driver, one server");
      assert.ok(
        server.sentBytes <= GOLDEN_BYTES + GOLDEN.length * 32 * 1024,
        `${server.sentBytes} of ${GOLDEN_BYTES} bytes`,
      );
      assert.ok(
        server.seen.length <= GOLDEN.length * 3,
        `${server.seen.length} requests for ${GOLDEN.length} granules`,
      );
      assert.equal(world.earthdata.data.count(/s3credentials/), s3 ? 1 : 0);
      if (!s3) assert.equal(world.earthdata.data.seen.length, GOLDEN.length, "one redirect a granule");
    },
  );
}

remote(
  "a catalog of three credential endpoints, two buckets and an HTTPS-only provider runs as one",
  async (scene) => {
    const { world } = scene;
    const catalog = await scene.catalog((_row, index) => {
      const provider = ["ONE", "TWO", "THREE", "FOUR"][index % 4];
      if (index % 4 === 0) return { provider, ...world.bases("atl06") };
      if (index % 4 === 1) return { provider, ...world.bases("gedi") };
      // The third has a bucket of another, and its own endpoint, whose keys open it too.
      if (index % 4 === 2) return { provider, ...world.bases("modis"), s3_base: world.bases("gedi").s3_base };
      return { provider, ...world.bases("modis"), s3_base: null, s3_credentials: null };
    });
    const issued = world.earthdata.issued.push.bind(world.earthdata.issued);
    world.earthdata.issued.push = (...keys) => {
      for (const { product, accessKeyId } of keys) {
        if (product === "modis") {
          world.s3.readers.set(
            "gedi-bucket",
            (world.s3.readers.get("gedi-bucket") ?? new Set()).add(accessKeyId),
          );
        }
      }
      return issued(...keys);
    };
    const refused = await scene.aggregate(catalog, ["--driver", "s3"]);
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /no address for --driver s3/);
    const { code, stderr, store } = await scene.aggregate(catalog, ["--driver", "s3,https"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /ATL06\.002: some granules have no s3 address and are read by https/);
    await sameBytes(store);
    const second = world.earthdata.issued.slice(-3).map(({ product }) => product).sort();
    assert.deepEqual(second, ["atl06", "gedi", "modis"]);
    for (const { url, headers } of world.s3.server.seen) {
      const key = /Credential=ASIA([A-Z]+\d?\d?)\d{6}\//.exec(headers.authorization!)![1].toLowerCase();
      assert.ok(
        url.startsWith(`/${key}-bucket/`) || (key === "modis" && url.startsWith("/gedi-bucket/")),
        `${key} for ${url}`,
      );
    }
  },
);

const faults: Record<string, Fault> = {
  "timeouts": { kind: "silence" },
  "resets": { kind: "reset", after: 0.4 },
  "429": { kind: "status", status: 429, headers: { "retry-after": "1" } },
  "500": { kind: "status", status: 500 },
  "503 SlowDown": { kind: "status", status: 503, body: "<Error><Code>SlowDown</Code></Error>" },
  "short bodies": { kind: "short", share: 0.5 },
  "wrong ranges": { kind: "wrong-range" },
  "answers that ignore the range": { kind: "ignore-range" },
};

for (const [name, fault] of Object.entries(faults)) {
  remote(`${name} at the first, second and later requests end in the same bytes`, async (scene) => {
    const { world } = scene;
    const rule: FaultRule = { at: [1, 2, 6], fault };
    world.earthdata.cdn.faults = new FaultSchedule([rule]);
    world.s3.server.faults = new FaultSchedule([rule]);
    const catalog = await scene.catalog((_row, index) =>
      index % 2 === 0
        ? { ...world.bases("atl06"), s3_base: null }
        : { ...world.bases("atl06"), https_base: null }
    );
    const { code, stderr, store } = await scene.aggregate(catalog, ["--driver", "s3,https"]);
    assert.equal(code, 0, stderr);
    await sameBytes(store);
    const served = world.earthdata.cdn.faults.served + world.s3.server.faults.served;
    assert.ok(served >= 6, `${served} faults`);
    const requests = world.earthdata.cdn.seen.length + world.s3.server.seen.length;
    assert.ok(requests <= GOLDEN.length * 3 + 3 * served, `${requests} requests`);
  });
}

remote(
  "keys that end and signed addresses that stop to hold are renewed in the middle of a run",
  async (scene) => {
    const { world } = scene;
    // At the second and fifth request to each server.
    const onSome = (act: () => void) => {
      let count = 0;
      const faults = new FaultSchedule();
      faults.next = () => {
        if (++count === 2 || count === 5) act();
        return undefined;
      };
      return faults;
    };
    world.s3.server.faults = onSome(() => world.s3.ended.add(world.earthdata.issued.at(-1)!.accessKeyId));
    world.earthdata.cdn.faults = onSome(() => forgetSignatures(world.earthdata));
    const catalog = await scene.catalog((_row, index) =>
      index % 2 === 0
        ? { ...world.bases("atl06"), s3_base: null }
        : { ...world.bases("atl06"), https_base: null }
    );
    const { code, stderr, store } = await scene.aggregate(catalog, ["--driver", "s3,https"]);
    assert.equal(code, 0, stderr);
    await sameBytes(store);
    assert.ok(world.earthdata.issued.length >= 2, "keys were renewed");
    assert.ok(world.earthdata.data.count(/^\/data/) > GOLDEN.length / 2, "signed addresses were renewed");
  },
);

remote(
  "credentials that are refused stop the run with exit 4 and the reason; what is missing is exit 3",
  async (scene) => {
    const { world } = scene;
    const catalog = await scene.catalog(() => world.bases("atl06"));
    const refused = async (driver: string, env: Record<string, string>, text: RegExp) => {
      const { code, stderr } = await scene.aggregate(catalog, ["--driver", driver], env);
      assert.equal(code, 4, stderr);
      assert.match(stderr, text);
    };
    await refused("https", { EARTHDATA_TOKEN: "" }, /Earthdata login is needed and none was found/);
    await refused("https", { EARTHDATA_TOKEN: "stale" }, /does not accept the login from EARTHDATA_TOKEN/);
    await refused("s3", { EARTHDATA_TOKEN: "stale" }, /S3 keys of .*does not accept the login/);
    world.earthdata.termsMissing.add("atl06");
    await refused("https", {}, /terms \(EULA\) are not accepted yet; accept them at https:\/\/urs/);
    world.earthdata.termsMissing.clear();
    const gone = [...world.earthdata.files.keys()].filter((name) => name.startsWith("/data/atl06/"))[0];
    world.earthdata.files.delete(gone);
    const { code, stderr } = await scene.aggregate(catalog, ["--driver", "https"]);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /404.*it is not there/);
  },
);

remote(
  "fetch downloads a selection verified, goes on after a break, and its catalog aggregates to the same bytes",
  async (scene) => {
    const { world, folder } = scene;
    const catalog = await scene.catalog(() => ({ ...world.bases("atl06"), provider: "NSIDC_CPRD" }));
    const mirror = path.join(folder, "mirror");
    const run = (...args: string[]) =>
      granary(["fetch", catalog, "--to", mirror, "--json", ...args], {
        env: { ...world.env, HOME: path.join(folder, "home"), GRANARY_HTTP_ATTEMPTS: "2" },
      });
    world.earthdata.cdn.faults = new FaultSchedule([{
      at: [9, 10, 11, 12, 13, 14],
      fault: { kind: "status", status: 500 },
    }]);
    const broken = await run("--driver", "https", "--files", "1");
    assert.equal(broken.code, 3, broken.stderr);
    assert.match(broken.stderr, /files could not be fetched; run again to try those, and only those/);
    const first = JSON.parse(broken.stdout);
    assert.ok(first.failures.length > 0 && first.fetched > 0);
    const rest = await run("--driver", "https");
    assert.equal(rest.code, 0, rest.stderr);
    const second = JSON.parse(rest.stdout);
    assert.equal(second.there, first.fetched);
    assert.equal(second.fetched + second.there, GOLDEN.length);
    assert.equal(first.verified + second.verified, GOLDEN.length);
    const checked = await run("--verify");
    assert.equal(JSON.parse(checked.stdout).verified, GOLDEN.length);
    for (const file of GOLDEN) {
      const there = path.join(mirror, "NSIDC_CPRD", "ATL06.002", path.basename(file));
      assert.equal(Buffer.compare(fs.readFileSync(there), fs.readFileSync(file)), 0);
    }
    const before = world.earthdata.cdn.seen.length;
    const { code, stderr, store } = await scene.aggregate(second.catalog, []);
    assert.equal(code, 0, stderr);
    await sameBytes(store);
    assert.equal(world.earthdata.cdn.seen.length, before, "all is read from the mirror");
    world.assertClean("fetch", broken.stdout + broken.stderr + rest.stdout + rest.stderr);
  },
);
