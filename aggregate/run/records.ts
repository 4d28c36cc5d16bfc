/**
 * What a run directory remembers: a record for each spill file and one for each shard. A record is
 * written after what it speaks of is whole and synced, and holds the key that it was made under.
 */
import { Buffer } from "node:buffer";
import type { GranuleReads, ParentFacts } from "../engine/contract.ts";
import type { LeftOut } from "../engine/segment.ts";
import type { ScatterCounts } from "../engine/contract.ts";

/** One granule in a spill file. */
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
  /** Key of the spill file in the run directory, or its path; a name alone where all granules failed. */
  file: string;
  /** The batch whose task made it; null where granules of any batch may be in it. */
  batch: number | null;
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
  /** Observations in its cells that were left out by time and place. */
  leftOut: LeftOut;
  /** Cells with observations, one count a level. */
  cells: number[];
  /** The same parent by parent; absent in runs of before it was kept. */
  parents?: ParentFacts[];
  objects: number;
  bytes: number;
  /** Ids of granules that it does not have, because they failed. */
  missing: string[];
  /** Mergeable states by rank, for levels above the parent order: base64 of float64. */
  states: [number, string][];
  /** Of each zone in a parent: the zone's number, the parent's rank, observations, and their state. */
  zones?: [number, number, number, string][];
  /** For each digest where the values of exact quantiles lie, and how many are of each of `states`. */
  values?: { key: string; counts: number[] }[];
  seconds: number;
  finished: string;
}

/** What was read in all parts of a run; see account.ts. */
export const ACCOUNT_KEY = "account.json";
export const SCATTER_RECORDS = "scatter/";
export const SHARD_RECORDS = "shards/";
/** Values that exact quantiles of levels above the parents are of: float64, little-endian. */
export const VALUES = "values/";
/** Objects of a store that grows, at their new places, until they are brought there. */
export const MOVED = "moved/";

/** The record of a spill file has its name, and before it the batch whose granules alone it holds. */
export function scatterRecordKey(file: string, batch: number | null): string {
  const name = file.split("/").at(-1)!.replace(/\.runs$/, "");
  return `${recordsOfBatch(batch)}${name}.json`;
}

/** What the keys of a batch's records begin with; null is for those that may hold any granule. */
export function recordsOfBatch(batch: number | null): string {
  return `${SCATTER_RECORDS}${batch === null ? "any" : `b${batch}`}.`;
}

/** The batch that a record's key names; null for one that may hold any granule of the plan. */
export function batchOfRecord(key: string): number | null {
  const match = /^scatter\/b(\d+)\./.exec(key);
  return match === null ? null : Number(match[1]);
}

export function shardRecordKey(shard: number): string {
  return `${SHARD_RECORDS}${shard}.json`;
}

/** Named for what the shard's objects are made under, so that a shard that is made again leaves them alone. */
export function valuesKey(shard: number, key: string, digest: number): string {
  return `${VALUES}${shard}.${key.slice(0, 16)}.${digest}`;
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
