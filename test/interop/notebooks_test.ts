/** The notebooks of examples/notebooks run as they stand, in one kernel, against the binary and servers of the test. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { Buffer } from "node:buffer";
import process from "node:process";
import type { GranuleRow } from "../../catalog/granule.ts";
import { writeCatalog } from "../../catalog/write/write.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { ROOT, temporaryFolder } from "../support/binary.ts";
import { PASSWORD, USER } from "../support/earthdata.ts";
import { askPython, hasPeer } from "../support/python.ts";
import { startRemoteWorld, TOKEN } from "../support/remote_world.ts";
import { sampleRow } from "../unit/catalog/sample.ts";

const PYTHON = process.env.GRANARY_TEST_PYTHON ?? "";
const NOTEBOOKS = path.join(ROOT, "examples", "notebooks");

interface Told {
  values: unknown[];
  shown: string;
}

interface Asked {
  /** Without its suffix. */
  name: string;
  folder: string;
  names: string[];
}

/** Runs notebooks in one kernel; the test's own servers answer meanwhile. */
async function runNotebooks(
  kernel: string,
  asked: readonly Asked[],
  env: Record<string, string>,
): Promise<Map<string, Told>> {
  const folder = temporaryFolder("granary-kernel-");
  const files = asked.map(({ name, ...rest }) => ({ ...rest, file: path.join(NOTEBOOKS, `${name}.ipynb`) }));
  const child = spawn(PYTHON, [path.join(import.meta.dirname!, "run_notebooks.py")], {
    env: {
      PATH: process.env.PATH,
      LANG: "C.UTF-8",
      TMPDIR: folder,
      IPYTHONDIR: folder,
      JUPYTER_RUNTIME_DIR: folder,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const limit = setTimeout(() => child.kill("SIGTERM"), 200_000);
  child.stdin.end(JSON.stringify({ kernel, env, folder, notebooks: files }));
  const text = async (stream: AsyncIterable<Uint8Array>) => {
    const pieces = await Array.fromAsync(stream);
    return new TextDecoder().decode(Buffer.concat(pieces));
  };
  const code = new Promise((resolve) => child.on("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.equal(await code, 0, stderr.slice(-4000));
  clearTimeout(limit);
  const told = JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, Told>;
  return new Map(asked.map(({ name }, index) => [name, told[files[index].file]]));
}

/** What h5py finds of the footprints that GEDI's makers call good. */
function goodFootprints(files: readonly string[]): { footprints: number; highest: number } {
  return askPython(
    `
import h5py, json, sys
count, highest = 0, -1e9
for name in sys.argv[1:]:
    with h5py.File(name) as file:
        for beam in (group for group in file.values() if "rh" in group):
            good = (beam["quality_flag"][:] == 1) & (beam["degrade_flag"][:] == 0) & (beam["sensitivity"][:] >= 0.9)
            count += int(good.sum())
            if good.any():
                highest = max(highest, float(beam["elev_lowestmode"][:][good].max()))
print(json.dumps({"footprints": count, "highest": highest}))`,
    ...files,
  ) as { footprints: number; highest: number };
}

Deno.test({
  name:
    "the notebooks run: credentials of a hub, months of an ice sheet, canopies, SQL, and a map that is served",
  ignore: !hasSharedData || !hasPeer("nbclient", "ipykernel", "h5py", "xarray", "pyarrow", "pandas"),
  fn: async () => {
    const granules = ["ATL06_20181014012500_02350112_002_01.h5"];
    const scratch = temporaryFolder("granary-notebooks-");
    const file = path.join(scratch, granules[0]);
    fs.writeFileSync(file, "bytes of a granule");
    const world = await startRemoteWorld([file], ["atl06"]);
    const own = "token-that-was-uploaded";
    world.earthdata.tokens.add(own);
    world.earthdata.secrets.add(own);
    try {
      const folderOf = (name: string) => {
        const folder = path.join(scratch, name);
        fs.mkdirSync(folder);
        return folder;
      };
      const hub = folderOf("jupyterhub_credentials");
      const row: Partial<GranuleRow> = {
        ...world.bases("atl06"),
        s3_base: null,
        s3_credentials: null,
        path: granules[0],
        size_bytes: fs.statSync(file).size,
        checksum: null,
      };
      await writeCatalog(path.join(hub, "catalog.parquet"), [sampleRow(row)]);
      fs.writeFileSync(path.join(hub, "token.txt"), `${own}\n`);
      fs.writeFileSync(
        path.join(hub, "netrc"),
        `machine 127.0.0.1 login ${USER} password "${PASSWORD}"\n`,
        { mode: 0o600 },
      );
      const gedi = folderOf("gedi_canopy");
      const shots = fs.readdirSync(sharedData("gedi")).filter((name) => name.endsWith("_level2A.h5"));
      fs.mkdirSync(path.join(gedi, "granules"));
      for (const name of shots) fs.symlinkSync(sharedData(`gedi/${name}`), path.join(gedi, "granules", name));

      const told = await runNotebooks("python3", [
        { name: "sql_over_catalogs", folder: folderOf("sql"), names: ["MERGED", "BUSIEST", "CHOSEN"] },
        { name: "ice_sheet_change", folder: folderOf("ice"), names: ["CHANGE"] },
        { name: "gedi_canopy", folder: gedi, names: ["CANOPY"] },
        { name: "serve_a_map", folder: folderOf("map"), names: ["MAP.decode()", "list(TILE[:4])", "ENDED"] },
        {
          name: "jupyterhub_credentials",
          folder: hub,
          names: ["OPERATORS", "VARIABLE", "NOTHING", "UPLOADED", "NETRC"],
        },
      ], {
        ...world.env,
        AWS_EC2_METADATA_DISABLED: "true",
        HOME: hub,
        XDG_CACHE_HOME: path.join(scratch, "cache"),
        PYTHONPATH: path.join(ROOT, "python", "src"),
        GRANARY_BINARY: path.join(ROOT, "dist", "granary"),
        EARTHDATA_TOKEN: TOKEN,
      });
      for (const [name, { shown }] of told) world.assertClean(name, shown);
      const values = (name: string) => told.get(name)!.values;

      assert.deepEqual(values("jupyterhub_credentials"), [
        ["environment", [1, []]],
        [1, []],
        "CredentialError",
        ["login", [1, []]],
        ["netrc", [1, []]],
      ]);
      const asked = world.earthdata.data.seen.map(({ headers }) => headers.authorization);
      for (const token of [TOKEN, own, world.earthdata.nextToken.token]) {
        assert.ok(asked.includes(`Bearer ${token}`), token);
      }

      const [merged, busiest, chosen] = values("sql_over_catalogs") as [
        { granules: number }[],
        unknown[],
        number,
      ];
      assert.deepEqual(merged, [{ half: "north", granules: 4 }, { half: "south", granules: 6 }]);
      assert.equal(busiest.length, 3);
      assert.equal(chosen, 4);

      const [change] = values("ice_sheet_change") as [{ months: string[]; cells: number; median: number }];
      assert.deepEqual(change.months, ["2024-01", "2024-02"]);
      assert.ok(change.cells > 0 && Number.isFinite(change.median), JSON.stringify(change));

      const { footprints, highest } = goodFootprints(shots.map((name) => sharedData(`gedi/${name}`)));
      const [canopy] = values("gedi_canopy") as [{ footprints: number; highest_ground: number }];
      assert.equal(canopy.footprints, footprints);
      assert.ok(Math.abs(canopy.highest_ground - highest) < 1e-3, JSON.stringify(canopy));

      const [page, png, ended] = values("serve_a_map");
      assert.match(String(page), /^<!doctype html>/i);
      assert.deepEqual(png, [0x89, 0x50, 0x4e, 0x47]);
      assert.equal(ended, 0);
    } finally {
      await world.stop();
    }
  },
});

Deno.test({
  name: "the library's notebook runs in Deno's kernel",
  ignore: !hasPeer("nbclient", "jupyter_client"),
  fn: async () => {
    const data = temporaryFolder("granary-jupyter-");
    const spec = path.join(data, "kernels", "deno");
    fs.mkdirSync(spec, { recursive: true });
    const argv = [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"];
    fs.writeFileSync(
      path.join(spec, "kernel.json"),
      JSON.stringify({ argv, display_name: "Deno", language: "typescript" }),
    );
    const told = await runNotebooks("deno", [{ name: "deno_library", folder: NOTEBOOKS, names: [] }], {
      JUPYTER_PATH: data,
      HOME: data,
      ...(process.env.DENO_DIR === undefined ? {} : { DENO_DIR: process.env.DENO_DIR }),
    });
    // Colours stand between names and numbers.
    const shown = told.get("deno_library")!.shown.replace(/\\u001b\[\d+m/g, "");
    assert.match(shown, /kept: \d+/);
    assert.match(shown, /cells: \d+/);
  },
});

Deno.test("every notebook is run by a test, and holds no output", () => {
  const tests = fs.readFileSync(path.join(import.meta.dirname!, "notebooks_test.ts"), "utf8");
  const names = fs.readdirSync(NOTEBOOKS);
  assert.ok(names.length >= 6);
  for (const name of names) {
    assert.ok(tests.includes(`name: "${name.replace(".ipynb", "")}"`), name);
    const { cells } = JSON.parse(fs.readFileSync(path.join(NOTEBOOKS, name), "utf8")) as {
      cells: { outputs?: unknown[] }[];
    };
    assert.deepEqual(cells.flatMap(({ outputs }) => outputs ?? []), [], name);
  }
});
