/**
 * Rows laid onto a catalog that is there: what changes is written, the rest is copied as bytes. The new file appears
 * whole, or the former one stays.
 */
import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { makeFileAtomic } from "../../core/files/atomic_path.ts";
import type { Duck, DuckOptions } from "../../core/tables/duckdb.ts";
import {
  joinRowGroups,
  NotInPartsError,
  type ParquetParts,
  parquetParts,
  type RowGroup,
} from "../../core/tables/parquet_row_groups.ts";
import { damageError } from "../../core/tables/reading.ts";
import { queryRows } from "../../core/tables/query.ts";
import { openSorter, runStatements } from "../../core/tables/sorter.ts";
import { contractColumns, OWN_TYPES, parquetTypes } from "../file/columns_sql.ts";
import { catalogMetadata, footer, mergeSummaries } from "../file/footer_keys.ts";
import { requireNoOthers } from "../file/other_columns.ts";
import type { CatalogQuery, RemovedGranules } from "../schema.ts";
import { type LayPlan, planLaying } from "./lay_plan.ts";
import { describeFile } from "./merge.ts";
import { CANONICAL_SQL, copyStatement, fileTable, sortStatements } from "./sort_sql.ts";
import { stateFigures } from "./state_figures.ts";
import type { Unsorted } from "./unsorted.ts";
import type { WriteResult } from "./write.ts";

interface LayRequest extends DuckOptions {
  /** The catalog whose rows come first; new rows replace them by revision, or when equally new. */
  onto: string;
  added: Unsorted;
  /** What fed the added rows. */
  fed: readonly CatalogQuery[];
  removed?: RemovedGranules | undefined;
  output: string;
}

/** `removed` counts rows of the former catalog that were left out. */
export async function layOnto(request: LayRequest): Promise<WriteResult & { removed: number }> {
  const { onto, added, output } = request;
  const former = await describeFile(onto, request);
  requireNoOthers(onto, former.columnTypes.keys());
  const keysFor = (sortedRows: number | undefined) =>
    footer(
      mergeSummaries(former, added.summary),
      catalogMetadata(former.cellOrder, [...former.queries, ...request.fed], sortedRows),
    );
  return await makeFileAtomic(output, async (temporary) => {
    const duck = await openSorter(output, request);
    try {
      const addedTable = await added.tableIn(duck);
      const change = await changeOf(duck, request, addedTable);
      const rows =
        await layInParts(duck, request, addedTable, change, former.sortedRows, temporary, keysFor) ??
          await runStatements(
            duck,
            sortStatements({
              inputs: [
                { table: fileTable(onto), types: former.columnTypes },
                { table: addedTable, types: OWN_TYPES },
              ],
              output: temporary,
              metadata: keysFor(undefined),
              leftOut: REMOVED,
            }),
          );
      await stateFigures(duck, temporary, rows);
      return {
        rows,
        replaced: former.rows + added.rows - change.removed.length - rows,
        removed: change.removed.length,
        sizeBytes: fs.statSync(temporary).size,
      };
    } catch (error) {
      throw damageError(onto, error);
    } finally {
      duck.close();
    }
  });
}

/** What the added rows and the deletions mean for the former ones. */
interface Change {
  /** Numbers of former rows that their source deleted, ascending. */
  removed: number[];
  /** The same with those that are replaced. */
  gone: number[];
  /** How many of the added rows come in. */
  added: number;
}

/** Tables of this file's statements: numbers of former rows that go, of added ones that come in, of deleted ones. */
const GONE = "gone_rows";
const WON = "won_rows";
const REMOVED = "removed_rows";

async function changeOf(duck: Duck, { onto, removed }: LayRequest, addedTable: string): Promise<Change> {
  const { connection } = duck;
  const former = fileTable(onto);
  const gone = await removedRows(duck, former, removed);
  await connection.run(
    `CREATE TEMP TABLE ${WON} AS
     SELECT file_row_number AS row, collection, id, revision
     FROM ${addedTable}
     QUALIFY row_number() OVER (
       PARTITION BY collection, id ORDER BY revision DESC NULLS LAST, file_row_number DESC) = 1`,
  );
  await connection.run(
    `CREATE TEMP TABLE met_rows AS
     SELECT former.file_row_number AS row, won.row AS added,
       coalesce(won.revision >= former.revision, former.revision IS NULL) AS replaced
     FROM ${former} AS former JOIN ${WON} AS won USING (collection, id)`,
  );
  await connection.run(`DELETE FROM ${WON} WHERE row IN (SELECT added FROM met_rows WHERE NOT replaced)`);
  await connection.run(
    `CREATE TEMP TABLE ${GONE} AS
     SELECT row FROM met_rows WHERE replaced UNION SELECT row FROM ${REMOVED}`,
  );
  const [{ n }] = await queryRows(connection, `SELECT count(*) AS n FROM ${WON}`);
  return { removed: gone, gone: await numbersIn(duck, GONE), added: Number(n) };
}

/** The numbers of the rows whose granules were deleted, also as a table. */
async function removedRows(
  duck: Duck,
  former: string,
  removed: RemovedGranules | undefined,
): Promise<number[]> {
  const { connection } = duck;
  await connection.run(`CREATE TEMP TABLE ${REMOVED} (row BIGINT)`);
  if (removed === undefined) return [];
  await connection.run("CREATE TEMP TABLE deleted (concept_id VARCHAR, provider VARCHAR, id VARCHAR)");
  const appender = await connection.createAppender("deleted");
  for (const conceptId of removed.conceptIds) {
    appender.appendVarchar(conceptId);
    appender.appendNull();
    appender.appendNull();
    appender.endRow();
  }
  for (const { provider, id } of removed.names) {
    appender.appendNull();
    appender.appendVarchar(provider);
    appender.appendVarchar(id);
    appender.endRow();
  }
  appender.closeSync();
  await connection.run(
    `INSERT INTO ${REMOVED} SELECT file_row_number FROM ${former}
     WHERE concept_id IN (SELECT concept_id FROM deleted WHERE concept_id IS NOT NULL)
       OR (provider, id) IN (SELECT provider, id FROM deleted WHERE concept_id IS NULL)`,
  );
  return await numbersIn(duck, REMOVED);
}

async function numbersIn({ connection }: Duck, table: string): Promise<number[]> {
  const rows = await queryRows(connection, `SELECT row FROM ${table} ORDER BY row`);
  return rows.map(({ row }) => Number(row));
}

/** Writes the file of copied and of new row groups; null where all rows are to be sorted. */
async function layInParts(
  duck: Duck,
  request: LayRequest,
  addedTable: string,
  { gone, added }: Change,
  sortedRows: number,
  output: string,
  keysFor: (sortedRows: number | undefined) => ReadonlyMap<string, string>,
): Promise<number | null> {
  const parts = partsOf(request.onto);
  if (parts === null) return null;
  const plan = planLaying({ groups: parts.groups.map(({ rows }) => rows), sortedRows, gone, added });
  if (plan === null) return null;
  const groups = await writtenGroups(duck, request.onto, addedTable, parts, plan);
  if (groups === null) return null;
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  joinRowGroups(output, groups, parts, keysFor(plan.sortedRows === rows ? undefined : plan.sortedRows));
  return rows;
}

function partsOf(file: string): ParquetParts | null {
  try {
    return parquetParts(file);
  } catch (error) {
    if (error instanceof NotInPartsError) return null;
    throw error;
  }
}

/** The row groups of the result, new ones in files of their own; null where they are not alike. */
async function writtenGroups(
  duck: Duck,
  onto: string,
  addedTable: string,
  former: ParquetParts,
  { ranges, tail }: LayPlan,
): Promise<RowGroup[] | null> {
  const formerRows = `SELECT file_row_number, ${
    contractColumns(await parquetTypes(duck, path.resolve(onto)))
  } FROM ${fileTable(onto)}`;
  const addedRows = `SELECT file_row_number, ${contractColumns(OWN_TYPES)} FROM ${addedTable}`;
  const stays = `file_row_number NOT IN (SELECT row FROM ${GONE})`;
  let files = 0;
  const write = async (from: string): Promise<RowGroup[] | null> => {
    const file = path.join(duck.folder, `${files++}.parquet`);
    if (await runStatements(duck, [copyStatement(from, file)]) === 0) return [];
    const { groups, schema } = parquetParts(file);
    return Buffer.compare(schema, former.schema) === 0 ? [...groups] : null;
  };
  const groups: RowGroup[] = [];
  let start = 0;
  for (const { from, to, kind } of ranges) {
    const copied = former.groups.slice(from, to);
    const end = copied.reduce((sum, { rows }) => sum + rows, start);
    const written = kind === "copy" ? copied : await write(
      `(${formerRows} WHERE file_row_number BETWEEN ${start} AND ${
        end - 1
      } AND ${stays}) ORDER BY file_row_number`,
    );
    if (written === null) return null;
    groups.push(...written);
    start = end;
  }
  const behind = await write(
    `(${formerRows} WHERE file_row_number >= ${tail} AND ${stays}
      UNION ALL ${addedRows} WHERE file_row_number IN (SELECT row FROM ${WON}))
     ORDER BY ${CANONICAL_SQL}`,
  );
  return behind === null ? null : [...groups, ...behind];
}
