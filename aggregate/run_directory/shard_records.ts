/** Records of shards, one each, written after the shard's objects are whole and synced. */
import { Buffer } from "node:buffer";
import type { ParentFacts } from "../engine/contract.ts";
import type { LeftOut } from "../engine/segment.ts";
import type { RunDirectory } from "./run_directory.ts";

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

export const SHARD_RECORDS = "shards/";

export function shardRecordKey(shard: number): string {
  return `${SHARD_RECORDS}${shard}.json`;
}

export function putShard(directory: RunDirectory, record: ShardRecord): Promise<void> {
  return directory.putRecord(shardRecordKey(record.shard), record);
}

/** Whether a shard is remembered as made under this key. */
export async function hasShard(directory: RunDirectory, shard: number, key: string): Promise<boolean> {
  const found = await directory.records<ShardRecord>(shardRecordKey(shard));
  return found.some((record) => record.key === key);
}

/** Every record of shards. */
export async function shardRecords(directory: RunDirectory): Promise<ShardRecord[]> {
  const found = await directory.records<ShardRecord & { lacks?: string[] }>(SHARD_RECORDS);
  // Runs of version 0.1.0 have another name for it, and left no rows out.
  return found.map(({ lacks, ...record }) => ({
    ...record,
    leftOut: record.leftOut ?? { time: 0, area: 0 },
    missing: record.missing ?? lacks ?? [],
  }));
}

/** Forgets every shard but these. */
export async function replaceShards(
  directory: RunDirectory,
  records: readonly ShardRecord[],
): Promise<void> {
  for (const key of await directory.target.list(SHARD_RECORDS)) await directory.target.delete(key);
  for (const record of records) await putShard(directory, record);
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
