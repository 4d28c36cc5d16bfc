import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { workerFiles } from "../../../scripts/entry_points.ts";

function workersOf(files: Record<string, string>): string[] {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "granary-tree-"));
  try {
    for (const room of ["core", "catalog", "aggregate", "cli"]) fs.mkdirSync(path.join(root, room));
    for (const [file, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      fs.writeFileSync(path.join(root, file), text);
    }
    return workerFiles(root);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

const starts = (name: string) => `new Worker(new URL("${name}", import.meta.url))`;

Deno.test("the workers that sources start are found, each once", () => {
  assert.deepEqual(
    workersOf({
      "aggregate/engine/pool.ts": starts("./worker.ts"),
      "aggregate/engine/other.ts": starts("./worker.ts"),
      "aggregate/engine/worker.ts": "",
      "catalog/scan.ts": starts("./scan_worker.ts"),
      "catalog/scan_worker.ts": "",
    }),
    ["aggregate/engine/worker.ts", "catalog/scan_worker.ts"],
  );
});

Deno.test("a worker elsewhere than beside its user, of a name used twice, or missing, is refused", () => {
  assert.throws(
    () => workersOf({ "cli/a.ts": starts("../core/w.ts"), "core/w.ts": "" }),
    /does not begin/,
  );
  assert.throws(
    () =>
      workersOf({
        "cli/a.ts": starts("./w.ts"),
        "cli/w.ts": "",
        "core/a.ts": starts("./w.ts"),
        "core/w.ts": "",
      }),
    /two workers of one file name/,
  );
  assert.throws(() => workersOf({ "cli/a.ts": starts("./w.ts") }), /does not exist/);
});
