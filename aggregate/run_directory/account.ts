/**
 * What a run has read so far, in all of its parts: a run that was ended and resumed, or done task by task, is
 * one run. Records of spill files say it while they are there; the account keeps it when they go, and holds what
 * never was in a file.
 */
import type { GranuleReads, GroupTally, ScatterCounts, ScatterOutcome } from "../engine/contract.ts";
import { addCounts, noCounts } from "../engine/scatter.ts";
import type { RunDirectory } from "./run_directory.ts";
import { type FoundRecords, SCATTER_RECORDS, scatterRecordKey } from "./scatter_records.ts";

export const ACCOUNT_KEY = "account.json";

/** Sums over granules that were read; one that was read twice counts twice. */
export interface ReadingSums {
  granules: number;
  counts: ScatterCounts;
  groups: GroupTally;
  reads: GranuleReads;
  /** Seconds of workers, all together. */
  seconds: number;
}

interface Account extends ReadingSums {
  /** Keys of records that the sums hold. */
  counted: string[];
}

function noReading(): ReadingSums {
  return {
    granules: 0,
    counts: noCounts(),
    groups: { present: 0, empty: 0, missing: 0 },
    reads: { opens: 0, requests: 0, bytes: 0, chunks: 0 },
    seconds: 0,
  };
}

/** Adds one granule's reading to `sums`. */
export function addReading(
  sums: ReadingSums,
  read: Pick<ScatterOutcome, "counts" | "groups" | "reads" | "seconds">,
): void {
  addSums(sums, { ...read, granules: 1 });
}

function addSums(sums: ReadingSums, more: ReadingSums): void {
  sums.granules += more.granules;
  addCounts(sums.counts, more.counts);
  for (const key of ["present", "empty", "missing"] as const) sums.groups[key] += more.groups[key];
  for (const key of ["opens", "requests", "bytes", "chunks"] as const) sums.reads[key] += more.reads[key];
  sums.seconds += more.seconds;
}

/**
 * The sums of all parts: those of the account, and of records that it does not hold yet. Records are all that
 * the directory has, also those whose files are gone.
 */
export async function readingSoFar(
  directory: RunDirectory,
  { scatter, lost }: FoundRecords,
): Promise<ReadingSums> {
  const { counted, ...sums } = await readAccount(directory);
  const held = new Set(counted);
  for (const record of [...scatter, ...lost]) {
    if (held.has(scatterRecordKey(record))) continue;
    for (const granule of record.granules) addReading(sums, granule);
  }
  return sums;
}

/** Keeps `sums` as those of all parts, records that are there now included. */
export async function keepReading(
  directory: RunDirectory,
  sums: ReadingSums,
): Promise<void> {
  const account: Account = { ...sums, counted: await directory.target.list(SCATTER_RECORDS) };
  await directory.putDocument(ACCOUNT_KEY, JSON.stringify(account));
}

async function readAccount(directory: RunDirectory): Promise<Account> {
  return await directory.record<Account>(ACCOUNT_KEY) ?? { ...noReading(), counted: [] };
}
