/** `granary fetch` through what ends it: kills, full disks, wrong bytes and names that lead elsewhere. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { finish, granary, startGranary, temporaryFolder } from "../support/binary.ts";
import { FaultSchedule } from "../support/faults.ts";
import { GOLDEN, GOLDEN_BYTES, remote, sameBytes, type Scene } from "../support/remote_scene.ts";

interface FetchReport {
  fetched: number;
  there: number;
  verified: number;
  bytes: number;
  failures: { file: string; message: string }[];
  catalog: string;
}

function fetchArgs(catalog: string, mirror: string): string[] {
  return ["fetch", catalog, "--to", mirror, "--driver", "https", "--json"];
}

function catalogOf({ world, catalog }: Scene): Promise<string> {
  return catalog(() => ({ ...world.bases("atl06"), provider: "NSIDC_CPRD" }));
}

function environment({ world, home }: Scene): Record<string, string> {
  return { ...world.env, HOME: home, GRANARY_HTTP_ATTEMPTS: "2" };
}

function assertMirror(mirror: string): void {
  const folder = path.join(mirror, "NSIDC_CPRD", "ATL06.002");
  assert.deepEqual(fs.readdirSync(folder).sort(), GOLDEN.map((file) => path.basename(file)).sort());
  for (const file of GOLDEN) {
    const there = fs.readFileSync(path.join(folder, path.basename(file)));
    assert.equal(Buffer.compare(there, fs.readFileSync(file)), 0, file);
  }
}

remote(
  "a fetch that is killed goes on with what it has, and its catalog works without a network",
  async (scene) => {
    const { world, folder } = scene;
    const catalog = await catalogOf(scene);
    const mirror = path.join(folder, "mirror");
    const { cdn } = world.earthdata;
    for (const moment of [2, 6, 9]) {
      // The request of this number is never answered; then the program is killed.
      let reached: () => void = () => {};
      const stuck = new Promise<void>((resolve) => reached = resolve);
      let count = 0;
      const faults = new FaultSchedule();
      faults.next = () => {
        if (++count < moment) return undefined;
        reached();
        return { kind: "silence" };
      };
      cdn.faults = faults;
      const child = startGranary(fetchArgs(catalog, mirror), { env: environment(scene) });
      const ended = finish(child);
      await stuck;
      child.kill("SIGKILL");
      assert.equal((await ended).signal, "SIGKILL");
      // What stands under its own name is whole.
      for (
        const name of fs.existsSync(mirror) ? fs.readdirSync(mirror, { recursive: true }) as string[] : []
      ) {
        const original = GOLDEN.find((file) => path.basename(file) === path.basename(name));
        if (original === undefined) continue;
        assert.equal(fs.statSync(path.join(mirror, name)).size, fs.statSync(original).size);
      }
    }
    cdn.faults = new FaultSchedule();
    const last = await granary(fetchArgs(catalog, mirror), { env: environment(scene) });
    assert.equal(last.code, 0, last.stderr);
    const report: FetchReport = JSON.parse(last.stdout);
    assert.ok(report.there > 0, "what was whole is not fetched again");
    assert.equal(report.there + report.fetched, GOLDEN.length);
    assertMirror(mirror);
    const offline = await scene.aggregate(report.catalog, [], {
      EARTHDATA_TOKEN: "",
      AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9",
    });
    assert.equal(offline.code, 0, offline.stderr);
    await sameBytes(offline.store);
  },
);

remote(
  "bytes that do not fit the catalog's checksum are reported, not kept, and fetched again",
  async (scene) => {
    const { world, folder } = scene;
    const catalog = await catalogOf(scene);
    const mirror = path.join(folder, "mirror");
    const name = path.basename(GOLDEN[1]);
    const right = world.earthdata.files.get(`/data/atl06/${name}`)!;
    const wrong = right.slice();
    wrong[wrong.length >> 1] ^= 1;
    world.earthdata.files.set(`/data/atl06/${name}`, wrong);
    const broken = await granary(fetchArgs(catalog, mirror), { env: environment(scene) });
    assert.equal(broken.code, 3, broken.stderr);
    const report: FetchReport = JSON.parse(broken.stdout);
    assert.equal(report.failures.length, 1);
    assert.match(report.failures[0].message, /md5/);
    assert.ok(!(fs.readdirSync(mirror, { recursive: true }) as string[]).some((file) => file.includes(name)));
    world.earthdata.files.set(`/data/atl06/${name}`, right);
    const repaired = await granary(fetchArgs(catalog, mirror), { env: environment(scene) });
    assert.equal(repaired.code, 0, repaired.stderr);
    assert.deepEqual([JSON.parse(repaired.stdout).fetched, JSON.parse(repaired.stdout).verified], [1, 1]);
    assertMirror(mirror);
  },
);

remote("names that lead out of the mirror are refused before anything is written", async (scene) => {
  const { world, folder } = scene;
  for (
    const change of [{ path: "../../escaped.h5" }, { provider: ".." }, { path: "%2e%2e/%2e%2e/escaped.h5" }]
  ) {
    const catalog = await scene.catalog((_row, index) => ({
      ...world.bases("atl06"),
      ...(index === 3 ? change : {}),
    }));
    const mirror = path.join(folder, "deep", "mirror");
    const { code, stderr } = await granary(fetchArgs(catalog, mirror), { env: environment(scene) });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /the catalog is damaged or not to be trusted/);
    assert.ok(!fs.existsSync(path.join(folder, "escaped.h5")) && !fs.existsSync(path.join(folder, "deep")));
  }
});

const canMount = (() => {
  const folder = temporaryFolder("granary-mount-");
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "granary-test", folder]).status !== 0) {
    return false;
  }
  spawnSync("umount", [folder]);
  return true;
})();

const FULL_DISK = "a disk that is full ends a fetch with the reason; with room it goes on";
if (!canMount) Deno.test({ name: FULL_DISK, ignore: true, fn: () => {} });
else {
  remote(FULL_DISK, async (scene) => {
    const catalog = await catalogOf(scene);
    const mirror = temporaryFolder("granary-mount-");
    spawnSync("mount", ["-t", "tmpfs", "-o", `size=${Math.floor(GOLDEN_BYTES / 2)}`, "granary-test", mirror]);
    try {
      const full = await granary(fetchArgs(catalog, mirror), { env: environment(scene) });
      assert.equal(full.code, 1, full.stderr);
      assert.match(full.stderr, /no space left|is full/i);
      spawnSync("mount", ["-o", `remount,size=${GOLDEN_BYTES * 2}`, mirror]);
      const rest = await granary(fetchArgs(catalog, mirror), { env: environment(scene) });
      assert.equal(rest.code, 0, rest.stderr);
      assertMirror(mirror);
    } finally {
      spawnSync("umount", [mirror]);
    }
  });
}
