/** Measures of granules in the user's cache folder. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { writeFileAtomic } from "../core/files/atomic.ts";
import { cacheFolders } from "../core/files/native.ts";
import { asObject } from "../core/json_value.ts";
import { keyOf } from "../core/keys.ts";
import type { Measure } from "./measure_granule.ts";
import { scatterConfig } from "./plan/identity.ts";
import type { Plan } from "./plan/plan.ts";
import { rowRules } from "./plan/row_rules.ts";
import { ENGINE_VERSION } from "./plan/version.ts";

/** Older measures are taken anew. */
const KEPT_MS = 30 * 86_400_000;

/** Where the measure of such a plan is kept: it depends on config, product, way of reading and machine. */
export function measureFile(
  plan: Plan,
  granule: number,
  kind: string | null,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  const folder = cacheFolders(env).find(({ shared }) => !shared)?.path;
  if (folder === undefined) return null;
  const key = keyOf({
    config: scatterConfig(plan.pipeline),
    levels: plan.store.levels,
    layout: plan.store.layout,
    rows: rowRules(plan.rows),
    collection: plan.granules[granule].collection,
    kind,
    engine: ENGINE_VERSION,
    host: os.hostname(),
  });
  return path.join(folder, "calibration", `${key}.json`);
}

/** The measure that was kept; null where there is none, or an old one. */
export function keptMeasure(file: string): Measure | null {
  try {
    if (Date.now() - fs.statSync(file).mtimeMs > KEPT_MS) return null;
    const kept = asObject(JSON.parse(fs.readFileSync(file, "utf8")));
    const numbers = ["readBytes", "requests", "observations", "seconds", "storeBytes", "parents"];
    const sound = kept !== null && typeof kept.granule === "string" &&
      (kept.sizeBytes === null || Number.isFinite(kept.sizeBytes)) &&
      numbers.every((name) => Number.isFinite(kept[name]));
    return sound ? kept as unknown as Measure : null;
  } catch {
    // What cannot be read is measured again.
    return null;
  }
}

export function keepMeasure(file: string, measured: Measure): void {
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileAtomic(file, new TextEncoder().encode(JSON.stringify(measured)));
  } catch {
    // A cache folder that cannot be written is no fault of the plan.
  }
}
