/** A product is added by writing below products/ alone: shown by adding one to a copy of the sources. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { ATL06 } from "../../../products/presets/atl06.ts";
import { ROOMS } from "../../../scripts/source_files.ts";

const ROOT = path.resolve(import.meta.dirname!, "../../..");

/** A copy of the sources; packages stay where they are. */
function copyOfSources(): string {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), "granary-sources-"));
  for (const name of [...ROOMS, "mod.ts", "deno.json", "deno.lock"]) {
    const from = path.join(ROOT, name);
    if (fs.existsSync(from)) fs.cpSync(from, path.join(copy, name), { recursive: true });
  }
  fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(copy, "node_modules"));
  return copy;
}

/** Writes a file below products/, and nowhere else. */
function change(copy: string, file: string, edit: (text: string) => string): void {
  const target = path.join(copy, "products", file);
  const before = fs.existsSync(target) ? fs.readFileSync(target, "utf8") : "";
  const after = edit(before);
  assert.notEqual(after, before, `${file} was not changed`);
  fs.writeFileSync(target, after);
}

Deno.test("a product added below products/ alone has a preset, is known by its files' names, and is aggregated", () => {
  const copy = copyOfSources();
  try {
    const preset = ATL06.replaceAll("ATL06", "SNW06");
    change(copy, "presets/snw06.ts", () => `export const SNW06: string = ${JSON.stringify(preset)};\n`);
    change(copy, "presets/index.ts", (text) =>
      `import { SNW06 } from "./snw06.ts";\n` +
      text.replace("gedi_l2a: GEDI_L2A", "gedi_l2a: GEDI_L2A, snw06: SNW06"));
    change(copy, "file_names.ts", (text) => text.replace("/(ATL\\d{2}", "/((?:ATL|SNW)\\d{2}"));

    change(copy, "simulate/simulate.ts", (text) => text.replaceAll("ATL06", "SNW06"));

    const granary = (...args: string[]) => {
      const run = spawnSync(Deno.execPath(), ["run", "-A", "--no-check", "cli/main.ts", ...args], {
        cwd: copy,
        encoding: "utf8",
        env: { ...Deno.env.toObject(), NO_COLOR: "1" },
      });
      assert.equal(run.status, 0, `${args.join(" ")}: ${run.stderr}`);
      return run.stdout;
    };
    granary("simulate", "granules", "--granules", "1", "--rows", "300");
    assert.match(granary("config", "show", "snw06"), /SNW06/);
    granary("catalog", "build", "--from", "local", "granules", "-o", "catalog.parquet");
    assert.match(
      granary("catalog", "sql", "catalog.parquet", "select collection from granules", "--format", "csv"),
      /^SNW06\./m,
    );
    granary(
      "aggregate",
      "-c",
      "snw06",
      "--catalog",
      "catalog.parquet",
      "-o",
      "store.zarr",
      "--workers",
      "1",
    );
    assert.ok(fs.existsSync(path.join(copy, "store.zarr", "zarr.json")));
  } finally {
    fs.rmSync(copy, { recursive: true });
  }
});
