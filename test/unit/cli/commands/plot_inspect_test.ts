import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import { decode } from "fast-png";
import type { StoreDescription } from "../../../../core/store/describe.ts";
import { GranaryError } from "../../../../core/errors.ts";
import { FolderTarget } from "../../../../core/access/folder_target.ts";
import { addInspect } from "../../../../cli/commands/inspect.ts";
import { addPlot } from "../../../../cli/commands/plot.ts";
import type { CliContext } from "../../../../cli/io/context.ts";
import { fixtureIds, fixtureSpec, writeFixture } from "../../../interop/store_fixture.ts";

interface Caught {
  text: string;
  bytes: Uint8Array[];
  values: unknown[];
  tables: (readonly (readonly unknown[])[])[];
  notes: string[];
}

interface Setting {
  json?: boolean;
  terminal?: boolean;
  env?: Record<string, string>;
}

async function granary(args: string[], setting: Setting = {}): Promise<Caught> {
  const caught: Caught = { text: "", bytes: [], values: [], tables: [], notes: [] };
  const context = {
    out: {
      write: (data: string | Uint8Array) => {
        if (typeof data === "string") caught.text += data;
        else caught.bytes.push(data);
      },
      json: (value: unknown) => caught.values.push(value),
      table: (_: unknown, rows: readonly (readonly unknown[])[]) => caught.tables.push(rows),
      isTerminal: setting.terminal ?? false,
    },
    log: { info: (message: string) => caught.notes.push(message), warn: () => {} },
    signal: new AbortController().signal,
    env: setting.env ?? {},
    json: setting.json ?? false,
  } as unknown as CliContext;
  const program = new Command("granary").exitOverride().configureOutput({ writeErr: () => {} });
  addPlot(program, context);
  addInspect(program, context);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  await program.parseAsync(args, { from: "user" });
  return caught;
}

async function withStore(body: (store: string, folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-look-"));
  try {
    const store = path.join(folder, "store.zarr");
    await writeFixture(fixtureSpec("compact"), new FolderTarget(store));
    await body(store, folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const refuses = (args: string[], message: RegExp, setting?: Setting) =>
  assert.rejects(
    granary(args, setting),
    (error) => error instanceof GranaryError && message.test(error.message),
  );

Deno.test("plot writes the PNG it names, and says so as a note or as JSON", () =>
  withStore(async (store, folder) => {
    const file = path.join(folder, "map.png");
    const args = ["plot", store, "--variable", "h_mean", "--width", "400", "-o", file];
    const { notes, text } = await granary(args);
    assert.equal(text, "");
    assert.match(notes.join(), /map\.png: h_mean of [\d,]+ cells at order \d+, 400 by \d+ pixels/);
    assert.equal(decode(fs.readFileSync(file)).width, 400);
    const [summary] = (await granary([...args, "--overwrite"], { json: true })).values as Record<
      string,
      unknown
    >[];
    assert.equal(summary.file, file);
    assert.equal(summary.projection, "equirectangular");
  }));

Deno.test("plot -o - gives the PNG to stdout, which may be no terminal", () =>
  withStore(async (store) => {
    const args = ["plot", store, "--variable", "count", "--order", "6", "--width", "300", "-o", "-"];
    const { bytes } = await granary(args);
    assert.equal(decode(bytes[0]).width, 300);
    await refuses(args, /a PNG is not for a terminal/, { terminal: true });
    await refuses(args, /leaves no room/, { json: true });
  }));

Deno.test("a preview is coloured on a terminal that wants it, and nowhere else", () =>
  withStore(async (store) => {
    const args = ["plot", store, "--variable", "h_mean", "--preview"];
    const coloured = async (setting: Setting) => (await granary(args, setting)).text.includes("\x1b[");
    assert.equal(await coloured({ terminal: true }), true);
    assert.equal(await coloured({ terminal: true, env: { NO_COLOR: "1" } }), false);
    assert.equal(await coloured({ terminal: true, env: { TERM: "dumb" } }), false);
    assert.equal(await coloured({}), false);
  }));

Deno.test("plot refuses what it cannot draw before it draws", () =>
  withStore(async (store, folder) => {
    await refuses(["plot", store, "--variable", "h_mean"], /where to\?/);
    await refuses(
      ["plot", store, "--variable", "h_mean", "-o", "map.jpg"],
      /map\.jpg: granary plot writes PNG/,
    );
    await refuses(["plot", store, "-o", path.join(folder, "m.png")], /which variable\? .*count, h_mean/);
    await refuses(["plot", folder, "--variable", "x", "--preview"], /is no Zarr v3 store/);
    for (const range of ["5", "a,b", "3,3", "9,1", "1,2,3"]) {
      const args = ["plot", store, "--variable", "h_mean", "--preview", `--range=${range}`];
      await assert.rejects(granary(args), /is not two numbers|the lower value comes first/, range);
    }
    assert.deepEqual(fs.readdirSync(folder), ["store.zarr"]);
  }));

Deno.test("inspect says of a store its levels, arrays, sizes, how full it is and how it was made", () =>
  withStore(async (store) => {
    const [description] = (await granary(["inspect", store], { json: true })).values as StoreDescription[];
    assert.deepEqual(description.levels.map((level) => level.order), [9, 6, 4, 2]);
    const [fine] = description.levels;
    assert.equal(fine.cells, 7 * 1024);
    assert.equal(fine.cells_with_data, fixtureIds(fixtureSpec("compact"), 9).length);
    const array = fine.arrays.find((one) => one.name === "h_mean")!;
    assert.deepEqual([array.dtype, array.shard, array.chunk, array.objects], ["float32", 3072, 1024, 3]);
    assert.deepEqual(array.codecs, ["bytes", "zstd"]);
    const files = fs.readdirSync(store, { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile()
    );
    assert.equal(description.objects, files.length);
    const sizes = files.map((file) => fs.statSync(path.join(file.parentPath, file.name)).size);
    assert.equal(description.bytes, sizes.reduce((sum, size) => sum + size, 0));
    assert.equal(description.provenance?.note, "fixture");
  }));

Deno.test("inspect prints a table a level for people", () =>
  withStore(async (store) => {
    const { tables, text } = await granary(["inspect", store]);
    assert.equal(tables.length, 1 + 4);
    assert.match(text, /Level 9: 7,168 cells, 646 with data \(9\.0 %, by count\)/);
    assert.deepEqual(tables[1].map(([name]) => name), [
      "cell_ids",
      "morton",
      "count",
      "h_mean",
      "h_best",
      "total",
    ]);
  }));

Deno.test("inspect goes by what a file holds, not by its name, and says what else it is", () =>
  withStore(async (_, folder) => {
    const file = path.join(folder, "granule.h5");
    await refuses(["inspect", file], /granule\.h5: does not exist/);
    for (
      const [content, message] of [
        ["<!DOCTYPE html><html>", /begins like HTML .* login page/],
        ['{"error": 1}', /begins like JSON/],
        ["CDF\x01", /classic netCDF/],
        ["", /it is empty/],
        ["text", /neither HDF5, TIFF nor Parquet/],
        ["\x0e\x03\x13\x01", /HDF4 file: convert it with h4toh5/],
        ["GRIB", /GRIB file: convert it/],
      ] as const
    ) {
      fs.writeFileSync(file, content);
      await refuses(["inspect", file], message);
    }
    fs.writeFileSync(file, "PAR1 but nothing more");
    await refuses(["inspect", file], /granule\.h5/);
  }));
