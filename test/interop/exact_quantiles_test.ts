/** Exact quantiles of levels above the parents, held against numpy over the same rows of the same files. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { granary } from "../support/binary.ts";
import { askPython, hasPeer } from "../support/python.ts";
import { ok, simulatedWorld, treeDigest } from "../support/run_world.ts";

const PROGRAM = `
import sys, json, math, glob, numpy as np, h5py, healpy, zarr
folder, store = sys.argv[1:]
e = 0.08181919084262149
def q(lat):
    s = np.sin(np.radians(lat)); return (1-e*e)*(s/(1-e*e*s*s) - np.log((1-e*s)/(1+e*s))/(2*e))
parts = []
for name in sorted(glob.glob(folder + "/granules/*.h5")):
    with h5py.File(name) as f:
        for beam in ["gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"]:
            if beam + "/land_ice_segments" not in f: continue
            g = f[beam + "/land_ice_segments"]
            good = (g["atl06_quality_summary"][:] == 0) & (g["h_li"][:] < 1e38)
            parts.append([g[c][:][good].astype("f8") for c in ("longitude", "latitude", "h_li")])
lon, lat, h = [np.concatenate(p) for p in zip(*parts)]
authalic = np.arcsin(np.clip(q(lat)/q(90.), -1, 1))
compared, wrong = 0, []
for level in (2, 5):
    g = zarr.open(store, mode="r")[str(level)]
    cells = healpy.ang2pix(2**level, np.pi/2 - authalic, np.radians(lon), nest=True)
    for i, cell in enumerate(g["cell_ids"][:]):
        rows = h[cells == cell]
        for name, share in (("h_q25", .25), ("h_q50", .5), ("h_q75", .75)):
            if rows.size == 0: continue
            compared += 1
            if np.float32(np.quantile(rows, share)) != g[name][i]: wrong.append([level, int(cell), name])
print(json.dumps({"compared": compared, "wrong": wrong}))`;

Deno.test(
  "exact quantiles above the parents are numpy's, by one process, by tasks, and resumed without what was kept",
  { ignore: !hasPeer("h5py", "healpy", "zarr") },
  async () => {
    const { folder, args: common } = await simulatedWorld(4, 1500);
    const args = [...common.slice(0, -1), "2,5,12"];
    const exact = [...args, "--exact-quantiles"];
    const options = { cwd: folder };
    await ok([...exact, "-o", "whole.zarr"], options);
    const answer = askPython(PROGRAM, folder, path.join(folder, "whole.zarr")) as {
      compared: number;
      wrong: unknown[];
    };
    assert.deepEqual(answer.wrong, []);
    assert.ok(answer.compared > 60, `${answer.compared}`);
    const whole = treeDigest(path.join(folder, "whole.zarr"));
    assert.match(await ok(["inspect", "whole.zarr"], options), /h_q50: exact: quantiles of all values/);

    await ok([...exact, "--batches", "2", "--plan-only", "-o", "tasks.zarr"], options);
    for (const stage of ["scatter", "reduce"]) {
      const status = JSON.parse(await ok(["run", "status", "tasks.zarr.run", "--json"], options));
      const { left } = status.stages.find(({ name }: { name: string }) => name === stage);
      for (const task of left) {
        await ok(
          ["run", "work", "tasks.zarr.run", "--workers", "1", "--stage", stage, "--task", `${task}`],
          options,
        );
      }
    }
    await ok(["run", "finish", "tasks.zarr.run"], options);
    assert.deepEqual(treeDigest(path.join(folder, "tasks.zarr")), whole);

    // Values that are gone are made again with their shard, and no other shard is.
    const values = path.join(folder, "whole.zarr.run", "values");
    fs.rmSync(path.join(values, fs.readdirSync(values)[0]));
    const report = JSON.parse(await ok([...exact, "-o", "whole.zarr", "--resume", "--json"], options));
    assert.equal(report.shards.made, 1);
    assert.deepEqual(treeDigest(path.join(folder, "whole.zarr")), whole);

    const other = await granary([...args, "-o", "whole.zarr", "--resume"], options);
    assert.equal(other.code, 2, other.stderr);
    assert.match(other.stderr, /output\.exactQuantiles/);
    // Where no level is above the parents nothing is kept, and the option is said to change nothing.
    const idle = await granary([...common.slice(0, -2), "--exact-quantiles", "-o", "idle.zarr"], options);
    assert.match(idle.stderr, /exact quantiles change nothing here/);
    assert.ok(!fs.existsSync(path.join(folder, "idle.zarr.run", "values")));
  },
);
