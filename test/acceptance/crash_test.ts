/** Runs that are killed, and runs whose disk is full: resumed, they have the bytes of an undisturbed one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { finish, granary, isRoot, shell, startGranary, temporaryFolder } from "../support/binary.ts";
import { ok, type RunWorld, seeded, simulatedWorld, treeDigest } from "../support/run_world.ts";

/** Kills in this run of the tests; each has its own moment by the seed. */
const CRASHES = Number(process.env.GRANARY_CRASHES ?? 8);
const FULL_DISKS = Number(process.env.GRANARY_FULL_DISKS ?? 3);

let made: Promise<{ world: RunWorld; clean: Record<string, string>; ms: number }> | undefined;

/** The granules, the bytes of an undisturbed run and how long it took. */
function undisturbed() {
  made ??= (async () => {
    const world = await simulatedWorld(10, 1500);
    await ok([...world.args, "-o", "warm.zarr"], { cwd: world.folder });
    const started = performance.now();
    await ok([...world.args, "-o", "clean.zarr"], { cwd: world.folder });
    const ms = performance.now() - started;
    return { world, clean: treeDigest(path.join(world.folder, "clean.zarr")), ms };
  })();
  return made;
}

function assertClean(store: string, clean: Record<string, string>, what: string): void {
  assert.deepEqual(treeDigest(store), clean, what);
  const left = fs.readdirSync(`${store}.run`).filter((name) => /^\.(?!lease\.).*\.tmp$/.test(name));
  assert.deepEqual(left, [], what);
}

Deno.test(`a run killed at any of ${CRASHES} moments resumes to the same bytes`, async () => {
  const { world, clean, ms } = await undisturbed();
  const random = seeded(20261121);
  let kills = 0, ended = 0;
  for (let crash = 0; crash < CRASHES; crash++) {
    const store = path.join(world.folder, `crash-${crash}.zarr`);
    // Some resumed runs are killed too.
    const lives = random() < 0.3 ? 2 : 1;
    for (let life = 0; life < lives; life++) {
      // Half of the runs save whatever they read at once, so that spill files are met half written.
      const extra = random() < 0.5 ? ["--checkpoint", "0"] : ["--memory", "420MB"];
      const mode = fs.existsSync(store) || fs.existsSync(`${store}.run`) ? ["--resume"] : [];
      const child = startGranary([...world.args, "-o", store, ...extra, ...mode, "--quiet"], {
        cwd: world.folder,
      });
      const timer = setTimeout(() => child.kill("SIGKILL"), ms * (0.15 + random()));
      const { signal } = await finish(child);
      clearTimeout(timer);
      if (signal === "SIGKILL") kills += 1;
      else ended += 1;
    }
    const run = await granary([...world.args, "-o", store, "--resume", "--quiet"], { cwd: world.folder });
    assert.equal(run.code, 0, `crash ${crash}: ${run.stderr}`);
    assertClean(store, clean, `crash ${crash}`);
    fs.rmSync(store, { recursive: true });
    fs.rmSync(`${store}.run`, { recursive: true });
  }
  console.log(`${kills} runs killed, ${ended} had ended before; ${CRASHES} resumed to the same bytes`);
  assert.ok(kills > CRASHES / 4, `only ${kills} runs were killed before their end`);
});

Deno.test(`a run that may write no file beyond a size fails, and resumes to the same bytes`, async () => {
  const { world, clean } = await undisturbed();
  const largest = Math.max(
    ...Object.keys(clean).map((file) => fs.statSync(path.join(world.folder, "clean.zarr", file)).size),
  );
  for (const share of [0.05, 0.5]) {
    const store = path.join(world.folder, `limited-${share}.zarr`);
    const blocks = Math.max(1, Math.floor(share * largest / 1024));
    const line = `ulimit -f ${blocks}; exec granary ${
      world.args.join(" ")
    } -o ${store} --checkpoint 0 --quiet`;
    const { code, signal, stderr } = await shell(line, { cwd: world.folder });
    assert.ok(code !== 0 || signal !== null, "the run ended well although files were cut");
    assert.ok(!fs.existsSync(path.join(store, "zarr.json")), stderr);
    await ok([...world.args, "-o", store, "--resume"], { cwd: world.folder });
    assertClean(store, clean, `limit of ${blocks} KiB`);
  }
});

/** A file system of a few megabytes, or undefined where nobody may mount one. */
function mountSmall(sizeKiB: number): { folder: string; grow(): void; end(): void } | undefined {
  if (!isRoot) return undefined;
  const folder = temporaryFolder("granary-disk-");
  const mount = (...args: string[]) => spawnSync("mount", args, { stdio: "ignore" }).status === 0;
  if (!mount("-t", "tmpfs", "-o", `size=${sizeKiB}k`, "granary-test", folder)) return undefined;
  return {
    folder,
    grow: () => assert.ok(mount("-o", "remount,size=256m", folder)),
    end: () => void spawnSync("umount", [folder], { stdio: "ignore" }),
  };
}

const probe = mountSmall(64);
probe?.end();

Deno.test({
  name: `a run whose disk fills up (${FULL_DISKS} sizes) says so, and resumes to the same bytes`,
  ignore: probe === undefined,
  fn: async () => {
    const { world, clean } = await undisturbed();
    const random = seeded(7);
    const whole = Object.keys(clean).reduce(
      (sum, file) =>
        sum + Math.ceil(fs.statSync(path.join(world.folder, "clean.zarr", file)).size / 4096) * 4,
      0,
    );
    let failures = 0;
    for (let n = 0; n < FULL_DISKS; n++) {
      const disk = mountSmall(Math.ceil(whole * (0.05 + 1.2 * random())))!;
      try {
        const store = path.join(disk.folder, "s.zarr");
        const extra = random() < 0.5 ? ["--checkpoint", "0"] : [];
        const run = await granary([...world.args, "-o", store, ...extra, "--quiet"], { cwd: world.folder });
        if (run.code !== 0) {
          failures += 1;
          assert.equal(run.code, 1, run.stderr);
          assert.match(run.stderr, /no space left/);
          assert.ok(!fs.existsSync(path.join(store, "zarr.json")));
        }
        disk.grow();
        await ok([...world.args, "-o", store, "--resume"], { cwd: world.folder });
        assertClean(store, clean, `disk ${n}`);
      } finally {
        disk.end();
      }
    }
    console.log(`${failures} of ${FULL_DISKS} runs met a full disk; all resumed to the same bytes`);
    assert.ok(failures > 0);
  },
});
