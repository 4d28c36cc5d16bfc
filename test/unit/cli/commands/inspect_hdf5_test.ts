import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { inspectRemote } from "../../../../cli/commands/inspect_remote.ts";
import { inspectHdf5 } from "../../../../cli/commands/inspect_hdf5.ts";
import type { CliContext } from "../../../../cli/io/context.ts";
import { gridFile } from "../../../support/grid_file.ts";
import { Loopback } from "../../../support/loopback.ts";
import { writeHdf5 } from "../../core/hdf5/write_hdf5.ts";

/** A context that keeps what is written. */
function recorder(json: boolean): { context: CliContext; text: string[]; documents: unknown[] } {
  const text: string[] = [];
  const documents: unknown[] = [];
  const out: CliContext["out"] = {
    write: (data) => void text.push(String(data)),
    json: (value) => void documents.push(value),
    table: (columns, rows) => void text.push([columns, ...rows].map((row) => row.join(" | ")).join("\n")),
    isTerminal: false,
  };
  const context = { out, json, env: {}, signal: new AbortController().signal, log: { warn: () => {} } };
  return { context: context as unknown as CliContext, text, documents };
}

Deno.test("inspect prints an HDF5 file's datasets by group, and all of it as one JSON document", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-inspect-"));
  try {
    const file = path.join(folder, "x.h5");
    const bytes = await writeHdf5((writer) => {
      const group = writer.create_group("gt1l");
      const data = new Float32Array(20);
      const h = group.create_dataset({ name: "h", data, chunks: [10], compression: 6 });
      h.create_attribute("units", "meters");
      h.create_attribute("long_name", "x".repeat(100));
    });
    fs.writeFileSync(file, bytes);
    const people = recorder(false);
    await inspectHdf5(file, people.context);
    const printed = people.text.join("\n");
    assert.match(printed, /groups \| 2\ndatasets \| 1 with/);
    assert.match(printed, /\n\/gt1l\n/);
    assert.match(printed, /h \| <f4 \| 20 \| 10 \| deflate\(6\) \| .* \| meters \| x{59}…/);
    const program = recorder(true);
    await inspectHdf5(file, program.context);
    assert.equal(program.text.length, 0);
    const [document] = program.documents as [{ datasets: { path: string }[] }];
    assert.deepEqual(document.datasets.map((dataset) => dataset.path), ["/gt1l/h"]);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

Deno.test("inspect tells the grids of a file, and why other variables are none", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-inspect-"));
  try {
    const file = path.join(folder, "x.nc");
    const bytes = await writeHdf5((writer) => {
      const axis = (name: string, data: number[], units: string) =>
        writer.create_dataset({ name, data: new Float64Array(data) }).create_attribute("units", units);
      axis("lat", [10, 11, 12], "degrees_north");
      axis("lon", [0, 2], "degrees_east");
      writer.create_dataset({ name: "rain", data: new Float32Array(6), shape: [3, 2] });
      writer.create_dataset({ name: "table", data: new Float32Array(20), shape: [4, 5] });
    });
    fs.writeFileSync(file, bytes);
    const people = recorder(false);
    await inspectHdf5(file, people.context);
    const printed = people.text.join("\n");
    assert.match(printed, /rain \| 2x3 \| EPSG:4326 \| 2x1 \| -1 \| 12.5 \| float32/);
    assert.match(printed, /\/table \| no-axes \| of its dimensions \(4, 5\)/);
    const program = recorder(true);
    await inspectHdf5(file, program.context);
    const [document] = program.documents as [{ grids: { affine: number[] }[]; refused: { rule: string }[] }];
    assert.deepEqual(document.grids.map(({ affine }) => affine), [[2, 0, -1, 0, -1, 12.5]]);
    assert.deepEqual(document.refused.map(({ rule }) => rule), ["no-axes"]);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

Deno.test("inspect says of a file behind HTTP what it says of the same file here", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-inspect-"));
  const bytes = await gridFile();
  const server = await Loopback.start((request, response) => server.sendFile(request, response, bytes));
  try {
    const file = path.join(folder, "x.nc");
    fs.writeFileSync(file, bytes);
    const here = recorder(true);
    await inspectHdf5(file, here.context);
    const there = recorder(true);
    await inspectRemote(`${server.url}/x.nc`, there.context);
    const [local, remote] = [here.documents[0], there.documents[0]] as Record<string, unknown>[];
    assert.deepEqual({ ...remote, file: "" }, { ...local, file: "" });
    assert.equal(remote.file, `${server.url}/x.nc`);
    assert.ok(server.seen.length <= 4, `${server.seen.length} requests`);
  } finally {
    await server.stop();
    fs.rmSync(folder, { recursive: true });
  }
});
