import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { inspectHdf5 } from "../../../../cli/commands/inspect_hdf5.ts";
import type { CliContext } from "../../../../cli/io/context.ts";
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
  return { context: { out, json } as CliContext, text, documents };
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
