/** What a run will do: discovered minus done, by identity. A pure function; it opens nothing. */
import type { GranuleRow } from "../../catalog/granule.ts";
import { keyOf } from "../../core/keys.ts";
import type { Dataset } from "../dataset.ts";
import type { ConvertRecord, Done, Failure } from "../records.ts";
import { PLAN_FORMAT } from "../version.ts";
import { cogFolder, COGS, itemStem } from "../convert/names.ts";
import { configKey, identityKey, recordName } from "./identity.ts";

/** Why a granule is converted: it is new, or its source, the config or a file of it changed, or a try failed. */
type Why = "new" | "source" | "config" | "outputs" | "retry";

export interface PlannedGranule {
  readonly name: string;
  readonly identity: string;
  readonly why: Why;
  /** When it was first planned, ISO 8601: the time of its items. */
  readonly planned: string;
  /** Without geometry and cells. */
  readonly row: GranuleRow;
}

interface GivenUp {
  readonly collection: string;
  readonly id: string;
  readonly reason: string;
  readonly permanent: boolean;
}

export interface PublishPlan {
  readonly format: number;
  readonly key: string;
  readonly created: string;
  readonly config: string;
  readonly dataset: Dataset;
  readonly convert: readonly PlannedGranule[];
  /** Of those in the catalog that are not converted again. */
  readonly kept: number;
  /** Done or failed before, and in no catalog now. */
  readonly beyond: number;
  /** Failed for good, or for too long. */
  readonly failed: readonly GivenUp[];
  /** Granules that discovery found and could not take, by reason. */
  readonly setAside: Readonly<Record<string, number>>;
}

interface PlanInput {
  readonly dataset: Dataset;
  readonly rows: Iterable<GranuleRow> | AsyncIterable<GranuleRow>;
  readonly records: ReadonlyMap<string, ConvertRecord>;
  /** Sizes of the files below the output, by key. */
  readonly outputs: ReadonlyMap<string, number>;
  /** Names of the outbox's documents: a granule's and a hash of its items. */
  readonly outbox: ReadonlySet<string>;
  readonly setAside: Readonly<Record<string, number>>;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The plan of before, whose times hold for what it did not come to. */
  readonly former: PublishPlan | null;
  /** Failures are tried again, whatever they were; a list names granules. */
  readonly retry: boolean | readonly string[];
  /** What is done under another config stays as it is. */
  readonly keepOld: boolean;
  /** Files of others that stand where those of a new granule go are replaced. */
  readonly overwrite: boolean;
}

const DAY_MS = 86_400_000;

export async function planDataset(input: PlanInput): Promise<PublishPlan> {
  const { dataset, records } = input;
  const config = configKey(dataset);
  const created = new Date(input.now).toISOString();
  const formerTimes = new Map(
    input.former?.convert.map(({ name, identity, planned }) => [`${name} ${identity}`, planned]),
  );
  const convert: PlannedGranule[] = [];
  const failed: GivenUp[] = [];
  const seen = new Set<string>();
  // Who has a record keeps its id, whatever else comes by the same.
  const holders = new Map(
    [...records].map(([name, { id, collection }]) => [itemStem(id), { name, collection }]),
  );
  const begun = new Set(input.former?.convert.map(({ name }) => name));
  const taken = input.overwrite ? new Map<string, string>() : tiffByFolder(input.outputs);
  let kept = 0;
  for await (const row of input.rows) {
    const name = recordName(row);
    const identity = identityKey(row);
    seen.add(name);
    // Files and items are named by the id alone.
    const stem = itemStem(row.id);
    const other = holders.get(stem);
    if (other !== undefined && other.name !== name) {
      const reason = `its items would be called ${stem}, as those of another granule of ${other.collection}` +
        " (say which is meant, by discover)";
      failed.push({ collection: row.collection, id: row.id, reason, permanent: true });
      continue;
    }
    holders.set(stem, { name, collection: row.collection });
    // Files of a run that was killed are those of a granule that it planned.
    const standing = records.has(name) || begun.has(name) ? undefined : taken.get(cogFolder(row.id));
    if (standing !== undefined) {
      const reason =
        `${standing} is there already, and no run of here made it; nothing was changed (move it away,` +
        " or say --overwrite to have its place)";
      failed.push({ collection: row.collection, id: row.id, reason, permanent: true });
      continue;
    }
    const state = stateOf(row, identity, config, records.get(name), input);
    if (state === "kept") kept += 1;
    else if (typeof state === "object") {
      failed.push({
        collection: row.collection,
        id: row.id,
        reason: state.reason,
        permanent: state.permanent,
      });
    } else {
      const planned = input.former?.config === config ? formerTimes.get(`${name} ${identity}`) : undefined;
      convert.push({ name, identity, why: state, planned: planned ?? created, row: bare(row) });
    }
  }
  const beyond = [...records.keys()].filter((name) => !seen.has(name)).length;
  const key = keyOf([
    PLAN_FORMAT,
    dataset,
    config,
    created,
    convert.map(({ name, identity }) => [name, identity]),
  ]);
  return {
    format: PLAN_FORMAT,
    key,
    created,
    config,
    dataset,
    convert,
    kept,
    beyond,
    failed,
    setAside: input.setAside,
  };
}

/** A TIFF of each folder that holds some. */
function tiffByFolder(outputs: ReadonlyMap<string, number>): Map<string, string> {
  const found = new Map<string, string>();
  for (const key of outputs.keys()) {
    if (/\.tiff?$/i.test(key)) found.set(key.slice(0, key.indexOf("/", COGS.length) + 1), key);
  }
  return found;
}

function stateOf(
  row: GranuleRow,
  identity: string,
  config: string,
  record: ConvertRecord | undefined,
  input: PlanInput,
): "kept" | Why | Failure {
  if (record === undefined) return "new";
  const { failure, done } = record;
  if (failure !== null && failure.identity === identity && failure.config === config) {
    const { retry } = input;
    const asked = retry === true || (Array.isArray(retry) && retry.includes(row.id));
    // A granule without one of its variables is made again where a file of the others is gone.
    const isPart = done?.identity === identity && done.config === config;
    if (isPart && !isWhole(done, input.outputs)) return "outputs";
    const tooOld = input.now - Date.parse(failure.first) > input.dataset.retry.giveUpAfterDays * DAY_MS;
    return asked || !(failure.permanent || tooOld) ? "retry" : failure;
  }
  if (done === null) return "new";
  if (record.replacing === true) return "outputs";
  if (done.identity !== identity && input.dataset.onSourceChange === "replace") return "source";
  if (done.config !== config && !input.keepOld) return "config";
  const name = recordName(row);
  return isWhole(done, input.outputs) && input.outbox.has(`${name}-${done.itemsHash}`) ? "kept" : "outputs";
}

function isWhole({ outputs }: Done, there: ReadonlyMap<string, number>): boolean {
  return outputs.every(({ key, sizeBytes }) => there.get(key) === sizeBytes);
}

/** Footprints are in the catalog; a plan holds what it takes to read the granule. */
function bare(row: GranuleRow): GranuleRow {
  return { ...row, geometry: null, bbox: null, cells: new BigUint64Array(0) };
}

/** Granules that discovery knows of, taken or set aside. */
export function discoveredOf({ convert, kept, beyond, failed, setAside }: PublishPlan): number {
  const aside = Object.values(setAside).reduce((sum, count) => sum + count, 0);
  return convert.length + kept + beyond + failed.length + aside;
}
