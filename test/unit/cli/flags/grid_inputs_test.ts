import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { gridInputs, splitVariable } from "../../../../cli/flags/grid_inputs.ts";

Deno.test("a variable stands behind the last colon of a file's name, where it can be one", () => {
  const split = (word: string) => Object.values(splitVariable(word));
  assert.deepEqual(split("a.h5:rain"), ["a.h5", "rain"]);
  assert.deepEqual(split("a.h5:/Grid/*Cal"), ["a.h5", "/Grid/*Cal"]);
  assert.deepEqual(split("a.h5"), ["a.h5", undefined]);
  assert.deepEqual(split("s3://bucket/a.nc4:/x/y"), ["s3://bucket/a.nc4", "/x/y"]);
  assert.deepEqual(split("https://host:8000/a.h5"), ["https://host:8000/a.h5", undefined]);
  assert.deepEqual(split("https://host:8000/a.h5:t"), ["https://host:8000/a.h5", "t"]);
  assert.deepEqual(split("https://host/a.h5?key=v:t"), ["https://host/a.h5?key=v", "t"]);
  assert.deepEqual(split("s3://bucket/2024-01-01T00:00:00.nc"), [
    "s3://bucket/2024-01-01T00:00:00.nc",
    undefined,
  ]);
  assert.deepEqual(split("host:file"), ["host:file", undefined]);
});

Deno.test("lists name files a line; a file that is named twice is opened once, for all that is wanted of it", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-inputs-"));
  try {
    const list = path.join(folder, "list.txt");
    fs.writeFileSync(list, "# mine\nb.h5\r\n\n  a.h5:t\n");
    const odd = path.join(folder, "x.h5:y");
    fs.writeFileSync(odd, "");
    assert.deepEqual(gridInputs([`@${list}`, "a.h5:u", "c.h5:v", "c.h5", odd], undefined), [
      { place: "b.h5", variables: undefined },
      { place: "a.h5", variables: ["t", "u"] },
      { place: "c.h5", variables: undefined },
      { place: odd, variables: undefined },
    ]);
    assert.deepEqual(gridInputs(["b.h5", "a.h5:t"], ["rain"]), [
      { place: "b.h5", variables: ["rain"] },
      { place: "a.h5", variables: ["t"] },
    ]);
    assert.throws(
      () => gridInputs(["@nowhere.txt"], undefined),
      /nowhere\.txt: cannot be read as a list of files/,
    );
    fs.writeFileSync(list, "\n");
    assert.throws(() => gridInputs([`@${list}`], undefined), /no file is named/);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
