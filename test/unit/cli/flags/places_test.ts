/** Every flag and argument that names a place takes what it knows, and refuses all else by its scheme. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import type { Argument, Option } from "@commander-js/extra-typings";
import { areaToRead } from "../../../../cli/flags/places.ts";
import { createProgram } from "../../../../cli/program.ts";
import { allCommands, commandPath } from "../../../../cli/help/suggest.ts";
import type { CliContext } from "../../../../cli/io/context.ts";
import { GranaryError } from "../../../../core/errors.ts";
import { temporaryFolder } from "../../../support/binary.ts";

/** What stands for a value in the usage of a flag or an argument, where it is a place. */
const PLACES = new Set([
  ...["file", "files", "dir", "folder", "store", "other-store", "place", "path", "target", "package"],
  ...["config", "catalog", "dataset", "datasets", "feed", "items", "inputs", "run-dir", "url"],
]);

/** And where it is none. */
const OTHERS = new Set([
  ...["account", "address", "api", "arch", "architecture", "axis", "cells", "codec", "code", "convention"],
  ...["command", "count", "cpus", "day", "driver", "drivers", "flag", "format", "glob", "globs", "granules"],
  ...["how", "id", "ids", "image", "inclination,period,width", "key", "km", "kind", "language", "latitude"],
  ...["layout", "limit", "low,high", "megabytes", "method", "mode", "n", "name", "names", "number", "order"],
  ...[
    "x,y",
    "orders",
    "origin",
    "partition",
    "pattern",
    "pixels",
    "projection",
    "query",
    "range",
    "region",
    "rule",
  ],
  ...[
    "seconds",
    "strength",
    "shape",
    "x,y",
    "shell",
    "size",
    "source",
    "sql",
    "text",
    "time",
    "title",
    "value",
    "when",
    "window",
    "date",
    "version",
    "versions",
  ],
  ...["w,s,e,n", "what", "which", "x", "env:NAME"],
]);

interface Slot {
  /** As a message would name it. */
  name: string;
  word: string;
  parse: ((text: string, before: undefined) => unknown) | undefined;
}

async function slots(): Promise<Slot[]> {
  const program = await createProgram({} as CliContext, () => {});
  return allCommands(program).flatMap((command): Slot[] => [
    ...(command.registeredArguments as Argument[]).map((argument) => ({
      name: `${commandPath(command)} <${argument.name()}>`,
      word: argument.name(),
      parse: (argument as { parseArg?: Slot["parse"] }).parseArg,
    })),
    ...(command.options as Option[]).filter((option) => option.required || option.optional).map((option) => ({
      name: `${commandPath(command)} ${option.long}`,
      word: /[<[](.*?)(?:\.\.\.)?[>\]]/.exec(option.flags)![1],
      parse: option.parseArg as Slot["parse"],
    })),
  ]);
}

/** The one word that a parser of one or of several makes. */
function parsed({ parse }: Slot, text: string): string {
  const value = parse!(text, undefined);
  return Array.isArray(value) ? value[0] : value as string;
}

Deno.test("the word for a value says whether it is a place", async () => {
  const unknown = (await slots()).filter(({ word }) => !PLACES.has(word) && !OTHERS.has(word));
  assert.deepEqual(unknown.map(({ name, word }) => `${name} ${word}`), []);
});

const places = (await slots()).filter(({ word }) => PLACES.has(word));

Deno.test("every place of the command line refuses schemes that it does not know, and names those that it takes", () => {
  assert.ok(places.length > 80, `${places.length} places`);
  for (const slot of places) {
    assert.ok(slot.parse !== undefined, `${slot.name} takes any word for a place`);
    for (
      const address of [
        "hdfs://bucket/x",
        "abfs://bucket/x",
        "ftp://host/x.h5",
        "s3:bucket/x",
        "HDFS://bucket/x",
      ]
    ) {
      assert.throws(() => parsed(slot, address), (error: Error) => {
        const { message } = error;
        assert.ok(message.includes(`${address.split(":")[0].toLowerCase()}:`), `${slot.name}: ${message}`);
        assert.match(message, /file:\/\/\/path|s3:\/\/bucket|https/, slot.name);
        return true;
      }, `${slot.name} takes ${address}`);
    }
  }
});

Deno.test("every place that may be a file takes a file: URL as the path that it names", () => {
  for (const slot of places) {
    if (slot.word === "url") continue;
    assert.equal(parsed(slot, "file:///tmp/a%20b/x.parquet"), "/tmp/a b/x.parquet", slot.name);
    assert.equal(parsed(slot, "FILE:///tmp/x"), "/tmp/x", slot.name);
    for (const wrong of ["file://elsewhere/tmp/x", "file:tmp/x"]) {
      assert.throws(() => parsed(slot, wrong), GranaryError, `${slot.name} takes ${wrong}`);
    }
    for (const plain of ["x.parquet", "./gs://x", "/tmp/a:b", "-", "2024-01-01T00.h5"]) {
      assert.equal(parsed(slot, plain), plain, slot.name);
    }
  }
});

Deno.test("a query or a password in a refused place is not repeated", () => {
  for (const slot of places) {
    assert.throws(() => parsed(slot, "ftp://me:secret@host/x?token=secret"), (error: Error) => {
      assert.ok(!error.message.includes("secret"), `${slot.name}: ${error.message}`);
      return true;
    });
  }
});

Deno.test("a file whose name holds a colon is read, and not made by a slip", () => {
  const file = path.join(temporaryFolder(), "gs:x.h5");
  fs.writeFileSync(file, "");
  const reads = places.find(({ name }) => name === "granary inspect <path>")!;
  const writes = places.find(({ name }) => name === "granary aggregate --output")!;
  const here = Deno.cwd();
  try {
    Deno.chdir(path.dirname(file));
    assert.equal(parsed(reads, "gs:x.h5"), "gs:x.h5");
    assert.throws(() => parsed(writes, "gs:x.h5"), /\.\/gs:x\.h5 is a local name/);
  } finally {
    Deno.chdir(here);
  }
});

Deno.test("a file of areas may name a table of a GeoPackage, and nothing else", () => {
  assert.equal(areaToRead("areas.gpkg:basins"), "areas.gpkg:basins");
  assert.equal(areaToRead("file:///a/areas.gpkg:basins"), "/a/areas.gpkg:basins");
  assert.throws(() => areaToRead("s3://bucket/areas.gpkg:basins"), /does not read s3:/);
});
