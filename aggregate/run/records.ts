/**
 * What a run directory remembers: a record for each runs file and one for each shard. A record is
 * written after what it speaks of is whole and synced, and holds the key that it was made under.
 */
import { Buffer } from "node:buffer";
import { GranaryError } from "../../core/errors.ts";
import type { GranuleReads } from "../engine/contract.ts";
import type { ScatterCounts } from "../engine/contract.ts";
import { sealJson, unsealJson } from "../../core/files/sealed_json.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";

/** One granule in a runs file. */
export interface ScatteredGranule {
  /** Hash of the config, the granule's identity, its parents and the engine. */
  key: string;
  /** Position in the plan that made the record. */
  granule: number;
  id: string;
  /** Indices of the shards that its segments cover. */
  shards: number[];
  counts: ScatterCounts;
  groups: { present: number; empty: number; missing: number };
  reads: GranuleReads;
  /** Of one worker, to read and scatter it. */
  seconds: number;
}

export interface ScatterRecord {
  kind: "scatter";
  /** Key of the runs file in the run directory, or its path; a name alone where all granules failed. */
  file: string;
  bytes: number;
  granules: ScatteredGranule[];
  failed: { key: string; granule: number; id: string; reason: string }[];
  seconds: number;
  finished: string;
}

export interface ShardRecord {
  kind: "shard";
  shard: number;
  /** The plan's key of the shard. */
  key: string;
  observations: number;
  /** Cells with observations, one count a level. */
  cells: number[];
  objects: number;
  bytes: number;
  /** Ids of granules that it lacks, because they failed. */
  lacks: string[];
  /** Mergeable states by rank, for levels above the parent order: base64 of float64. */
  states: [number, string][];
  seconds: number;
  finished: string;
}

/** Writes a record; it is durable when the promise resolves. */
export async function putRecord(target: ObjectTarget, record: ScatterRecord | ShardRecord): Promise<void> {
  const key = record.kind === "scatter" ? scatterRecordKey(record.file) : `shards/${record.shard}.json`;
  await target.put(key, sealJson(JSON.stringify(record)));
}

/** The record of a runs file has its name. */
export function scatterRecordKey(file: string): string {
  return `scatter/${file.split("/").at(-1)!.replace(/\.runs$/, "")}.json`;
}

/** Every whole record of a kind. A broken one is an error: records are written whole or not at all. */
export async function listRecords(target: ObjectTarget, kind: "scatter"): Promise<ScatterRecord[]>;
export async function listRecords(target: ObjectTarget, kind: "shard"): Promise<ShardRecord[]>;
export async function listRecords(
  target: ObjectTarget,
  kind: "scatter" | "shard",
): Promise<(ScatterRecord | ShardRecord)[]> {
  const records: (ScatterRecord | ShardRecord)[] = [];
  for (const key of await target.list(kind === "scatter" ? "scatter/" : "shards/")) {
    if (!key.endsWith(".json")) continue;
    const bytes = await target.get(key);
    if (bytes === undefined) continue;
    try {
      records.push(unsealJson(bytes) as ScatterRecord | ShardRecord);
    } catch (error) {
      throw new GranaryError(
        "io",
        `${target.name}/${key}: not a whole record: ${
          (error as Error).message
        } (delete it and resume the run)`,
        {
          cause: error,
        },
      );
    }
  }
  return records;
}

/** A state as text. */
export function encodeState(state: Float64Array): string {
  return Buffer.from(state.buffer, state.byteOffset, state.byteLength).toString("base64");
}

/** The inverse of {@linkcode encodeState}. */
export function decodeState(text: string): Float64Array {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return new Float64Array(bytes.buffer, 0, bytes.length / 8);
}
