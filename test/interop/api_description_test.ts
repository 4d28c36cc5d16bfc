/** The API's description, by a validator of others, and by requests that schemathesis makes of it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { FolderTarget } from "../../core/access/folder_target.ts";
import { ROOT, temporaryFolder } from "../support/binary.ts";
import { dailyCatalog, startServer } from "../support/binary_server.ts";
import { askPython, hasPeer } from "../support/python.ts";
import { fixtureSpec, writeFixture } from "./store_fixture.ts";

/** As many as fit into the gate; `GRANARY_REQUESTS=2000` makes more. */
const REQUESTS = Number(process.env.GRANARY_REQUESTS ?? 300);

/** Values that mean something here, by the names of parameters. */
const KNOWN = {
  catalog: ["daily"],
  variables: ["warmth"],
  name: ["ice", "daily"],
  variable: ["h_mean", "count"],
  temporal: ["2024-10-11", "2024-10-11/2024-10-12"],
  rescale: ["0,50"],
  step: ["P1D"],
  tileMatrixSetId: ["WebMercatorQuad", "GIBSArctic3413", "WGS1984Quad"],
  z: [0, 1, 2],
  x: [0, 1],
  y: [0, 1],
  lon: [0, 10.5],
  lat: [0, 45.5],
  minx: [0],
  miny: [0],
  maxx: [10],
  maxy: [10],
  width: [16],
  height: [16],
  format: ["png", "npy", "tif"],
  body: {
    enum: [
      {
        type: "Feature",
        properties: {},
        geometry: { type: "Polygon", coordinates: [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]] },
      },
      { type: "Feature", geometry: { type: "Polygon", coordinates: [] } },
      { type: "FeatureCollection", features: [] },
      [],
    ],
  },
};

const VALIDATE = `
import json, sys, urllib.request
from openapi_spec_validator import OpenAPIV31SpecValidator
description = json.load(urllib.request.urlopen(sys.argv[1]))
faults = [error.message for error in OpenAPIV31SpecValidator(description).iter_errors()]
print(json.dumps([description["openapi"], len(description["paths"]), faults]))
`;

interface Found {
  requests: number;
  statuses: Record<string, number>;
  failures: unknown[];
}

Deno.test({
  name: `the API's description is valid OpenAPI 3.1, and ${REQUESTS} requests made of it find no failure`,
  ignore: !hasPeer("h5py", "openapi_spec_validator", "schemathesis"),
  async fn() {
    const folder = temporaryFolder("granary-api-");
    const daily = await dailyCatalog(folder, "daily.parquet", 2, "warmth");
    const store = path.join(folder, "ice.zarr");
    await writeFixture(fixtureSpec("compact"), new FolderTarget(store));
    const server = await startServer(["--catalog", daily, "--store", store]);
    try {
      const [version, paths, faults] = askPython(VALIDATE, `${server.url}/api`) as [
        string,
        number,
        unknown[],
      ];
      assert.match(version, /^3\.1\./);
      assert.ok(paths > 40, `${paths} paths`);
      assert.deepEqual(faults, []);
      const { requests, statuses, failures } = await generated(server.url);
      assert.deepEqual(failures, [], JSON.stringify(statuses));
      assert.ok(requests >= REQUESTS * 0.7, `${requests} requests: ${JSON.stringify(statuses)}`);
      assert.ok((statuses["200"] ?? 0) >= requests / 20, JSON.stringify(statuses));
    } finally {
      await server.stop();
    }
  },
});

/** The sockets of this process stay free meanwhile: the server is another one. */
function generated(url: string): Promise<Found> {
  const script = path.join(ROOT, "test", "support", "generated_requests.py");
  const args = [script, url, String(REQUESTS), "1", JSON.stringify(KNOWN)];
  const child = spawn(process.env.GRANARY_TEST_PYTHON ?? "", args, { stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    const out: string[] = [], err: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => void out.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => void err.push(text));
    child.on("error", reject);
    child.on(
      "close",
      (code) => code === 0 ? resolve(JSON.parse(out.join(""))) : reject(new Error(err.join(""))),
    );
  });
}
