/** Recorded answers of another server of the same contract, and how ours are held against them. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { sharedData } from "../shared_data.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

export interface Transcript {
  name: string;
  method: "GET" | "POST";
  /** With the query. */
  path: string;
  body: Json;
  status: number;
  headers: Record<string, string>;
  json?: Json;
  /** Below data/serve. */
  file?: string | null;
}

export function readTranscripts(): Transcript[] {
  return JSON.parse(fs.readFileSync(sharedData("serve/transcripts.json"), "utf8"));
}

/** The recorded JSON with this world's addresses. */
export function placed(value: Json, base: string, data: string): Json {
  return JSON.parse(JSON.stringify(value).replaceAll("{base}", base).replaceAll("{data}", data));
}

/**
 * Holds that all that was recorded is in what was found: members of objects by name, lists in order, where
 * "..." ends a list; numbers to `tolerance`, relatively. Members that are null there may be missing here.
 */
export function assertHolds(found: Json, recorded: Json, tolerance = 0, at = "answer"): void {
  if (recorded === null) {
    return assert.ok(found === null || found === undefined, `${at}: ${JSON.stringify(found)}`);
  }
  if (Array.isArray(recorded)) {
    assert.ok(Array.isArray(found), `${at}: a list`);
    const cut = recorded.at(-1) === "...";
    const wanted = cut ? recorded.slice(0, -1) : recorded;
    if (cut) assert.ok(found.length > wanted.length, `${at}: more than ${wanted.length}`);
    else assert.equal(found.length, wanted.length, `${at}: length`);
    wanted.forEach((one: Json, i: number) => assertHolds(found[i], one, tolerance, `${at}[${i}]`));
    return;
  }
  if (typeof recorded === "object") {
    assert.equal(typeof found, "object", at);
    for (const [name, value] of Object.entries(recorded)) {
      assertHolds(found?.[name], value, tolerance, `${at}.${name}`);
    }
    return;
  }
  if (typeof recorded === "number" && typeof found === "number") {
    const near = Math.abs(found - recorded) <= tolerance * Math.max(1, Math.abs(recorded));
    return assert.ok(near, `${at}: ${found}, recorded ${recorded}`);
  }
  assert.equal(found, recorded, at);
}
