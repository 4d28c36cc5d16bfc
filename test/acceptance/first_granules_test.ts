/** What can be known of a run from its first granules is known early: a config that does not fit, bytes that are out of reach. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { granary, temporaryFolder } from "../support/binary.ts";
import { Loopback } from "../support/loopback.ts";
import { ok } from "../support/run_world.ts";

const folder = temporaryFolder("granary-first-");
const RUN = ["aggregate", "-c", "atl06", "--catalog"];
let made: Promise<void> | undefined;

function world(): Promise<void> {
  return made ??= (async () => {
    await ok(["simulate", "granules", "--granules", "6", "--rows", "100"], { cwd: folder });
    await ok(["catalog", "build", "--from", "local", "granules", "-o", "c.parquet"], { cwd: folder });
  })();
}

/** The world's catalog with its files at another base. */
async function catalogAt(base: string): Promise<string> {
  await world();
  const name = "away.parquet";
  const query = `select * replace (null::varchar as local_base, '${base}/' as https_base) from granules`;
  const { stdoutBytes, code } = await granary(["catalog", "sql", "c.parquet", query, "--format", "parquet"], {
    cwd: folder,
  });
  assert.equal(code, 0);
  fs.writeFileSync(path.join(folder, name), stdoutBytes);
  return name;
}

async function failsWithoutTrace(catalog: string, code: number, wanted: RegExp): Promise<void> {
  const result = await granary([...RUN, catalog, "-o", "none.zarr"], { cwd: folder, timeoutMs: 60_000 });
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr, wanted);
  assert.deepEqual(fs.readdirSync(folder).filter((name) => name.startsWith("none")), []);
}

Deno.test("granules behind a closed port end a run with exit 1, and nothing is left of it", async () => {
  const server = await Loopback.start(() => {});
  const { url } = server;
  await server.stop();
  await failsWithoutTrace(
    await catalogAt(url),
    1,
    /none of the first \d granules could be reached; nothing was written\..*the connection was refused, 4 times/,
  );
});

for (const status of [403, 404]) {
  Deno.test(`granules that a server answers with ${status} end a run with exit 1, after a few requests`, async () => {
    const server = await Loopback.start((_, response) => {
      response.writeHead(status).end();
    });
    try {
      const wanted = new RegExp(`could be reached; nothing was written\\..*the server answered ${status}`);
      await failsWithoutTrace(await catalogAt(server.url), 1, wanted);
      assert.ok(server.count() > 0 && server.count() <= 12, `${server.count()} requests`);
    } finally {
      await server.stop();
    }
  });
}

Deno.test("granules whose files are gone end a run with exit 1, and nothing is left of it", async () => {
  await world();
  fs.renameSync(path.join(folder, "granules"), path.join(folder, "elsewhere"));
  try {
    await failsWithoutTrace("c.parquet", 1, /could be reached; nothing was written\..*there is no such file/);
  } finally {
    fs.renameSync(path.join(folder, "elsewhere"), path.join(folder, "granules"));
  }
});

const sharedTest = hasSharedData ? Deno.test : Deno.test.ignore;
const sharedFault = (name: string) => sharedData(`../faults/${name}`);

sharedTest(
  "config check --granule counts the rows that pass each filter, and says fills and lengths",
  async () => {
    const args = ["config", "check", sharedFault("bug_class.yaml"), "--json", "--granule"];
    const { granule } = JSON.parse(
      await ok([...args, sharedFault("bug_unsigned8_filter.h5")], { cwd: folder }),
    );
    const [group] = granule.groups;
    assert.deepEqual([group.group, group.rows, group.kept], ["gt1l", 40, 20]);
    assert.deepEqual(group.filters, [{ filter: "/gt1l/land_ice_segments/packed eq 210", passes: 20 }]);
    const packed = JSON.parse(
      await ok([
        ...["config", "check", sharedFault("bug_packed.yaml"), "--json", "--granule"],
        sharedFault("bug_unsigned16.h5"),
      ], { cwd: folder }),
    ).granule.groups[0].datasets.find(({ role }: { role: string }) => role === "v");
    assert.deepEqual([packed.dtype, packed.fills, packed.missing], ["<u2", ["65535"], 5]);
    assert.ok(Math.abs(packed.min - 1) < 1e-4 && Math.abs(packed.max - 500) < 1e-3);
  },
);

Deno.test("config check --granule says of a granule behind an address what it says of the same file here", async () => {
  await world();
  const [granule] = fs.readdirSync(path.join(folder, "granules"));
  const bytes = fs.readFileSync(path.join(folder, "granules", granule));
  const server = await Loopback.start((request, response) => server.sendFile(request, response, bytes));
  try {
    const check = (place: string) => ok(["config", "check", "atl06", "--granule", place], { cwd: folder });
    assert.equal(await check(`${server.url}/${granule}`), await check(`granules/${granule}`));
    assert.ok(server.count() <= 20, `${server.count()} requests`);
  } finally {
    await server.stop();
  }
});

Deno.test("config check --granule fails on a path that the file has not, and on a file that has none of them", async () => {
  await world();
  const [granule] = fs.readdirSync(path.join(folder, "granules"));
  const config = await ok(["config", "show", "atl06"], { cwd: folder });
  fs.writeFileSync(path.join(folder, "wrong.yaml"), config.replaceAll('/h_li"', '/h_lie"'));
  const cases = [
    ["wrong.yaml", /has no dataset \/gt1l\/land_ice_segments\/h_lie; .* has .*h_li,/],
    ["atl08", /none of the groups .* has a dataset that the config names/],
    ["gedi_l2a", /none of the groups|BEAM/],
  ] as const;
  for (const [name, wanted] of cases) {
    const { code, stderr } = await granary(["config", "check", name, "--granule", `granules/${granule}`], {
      cwd: folder,
    });
    assert.equal(code, 2, stderr);
    assert.match(stderr, wanted);
  }
  const text = await ok(["config", "check", "atl06", "--granule", `granules/${granule}`], { cwd: folder });
  assert.match(text, /gt1l\/land_ice_segments\/atl06_quality_summary eq 0 +\d+ of \d+/);
});
