/**
 * One thread's share of a run: scatters granules into shared memory and reduces shards into objects.
 * Worker threads and the executor of this thread both answer messages with it; a failure is an answer like any other.
 */
import { markColumns, ZoneMarks } from "../engine/zone_marks.ts";
import { rowTests } from "../statistics/row_test.ts";
import { shardOfRank } from "../plan/shards.ts";
import { openFileSyncSource } from "../../core/access/file_source.ts";
import type { BridgeClient } from "../../core/access/bridge.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import type { SyncSource } from "../../core/access/source.ts";
import type { ReadRequest } from "../../core/observations/contract.ts";
import { readGranule } from "../../core/observations/granule.ts";
import { filterReads } from "../../core/observations/row_condition.ts";
import { openHdf5 } from "../../core/observations/open_granule_file.ts";
import type { GroupRuns, RowSpan } from "../../core/observations/row_runs.ts";
import { serializeError } from "../../core/errors.ts";
import { release } from "../../core/release.ts";
import { writeObject } from "../../core/files/pending_object.ts";
import { sourcesOf, widened } from "../engine/sources.ts";
import type { DataSource } from "../pipeline.ts";
import { compileStatistics } from "../statistics/compile.ts";
import { compileMerge } from "../statistics/merge.ts";
import { CellAssigner } from "../engine/assigner.ts";
import type { PlaneRows } from "../engine/plane_rows.ts";
import type {
  FromWorker,
  IndexedRows,
  ReduceOutcome,
  ReduceTask,
  RunContext,
  ScatterOutcome,
  ScatterTask,
  SpillOutcome,
  SpillTask,
  ToWorker,
} from "../engine/contract.ts";
import type { PlacedSegment } from "../engine/gather.ts";
import { Clip, WindowFinder } from "../engine/row_cut.ts";
import { BeamChoice } from "../../products/beam_choice.ts";
import { givenValues } from "../../products/given_columns.ts";
import { GPS_EPOCHS, TIME_NAMES } from "../../products/time_columns.ts";
import { ShardReducer } from "../engine/reduce.ts";
import { viewSpilled, writeSpillFile } from "../engine/spill_file.ts";
import { noCounts, Scatterer } from "../engine/scatter.ts";
import type { SegmentEntry } from "../engine/contract.ts";
import { viewSegment } from "../engine/segment.ts";
import { SlabSpace } from "../engine/slabs.ts";
import type { Slab, SlabReport } from "../engine/contract.ts";

export interface TaskRunnerOptions {
  /** Opens what is not a local file. */
  bridge?: BridgeClient;
}

export class TaskRunner {
  #tasks: Promise<RunTasks> | undefined;

  constructor(readonly options: TaskRunnerOptions = {}) {}

  /** The answer to a task; a context has none. */
  async answer(message: ToWorker): Promise<FromWorker | undefined> {
    if (message.type === "start") {
      this.#tasks = startTasks(message.context, message.worker, this.options);
      await this.#tasks;
      return undefined;
    }
    const { id } = message;
    try {
      const tasks = await this.#tasks;
      if (tasks === undefined) throw new Error("a task came before the context of its run");
      switch (message.type) {
        case "scatter":
          return { type: "scattered", id, outcome: await tasks.scatter(message.task) };
        case "spill":
          return { type: "spilled", id, outcome: tasks.spill(message.task) };
        case "reduce":
          return { type: "reduced", id, outcome: tasks.reduce(message.task) };
      }
    } catch (error) {
      const slabs = (await this.#tasks)?.reportSlabs() ?? { opened: [], filled: [] };
      return { type: "failed", id, error: serializeError(error), slabs };
    }
  }
}

/** The tasks of one run, with what its grid needs. */
async function startTasks(
  context: RunContext,
  worker: number,
  options: TaskRunnerOptions,
): Promise<RunTasks> {
  const { plane, levels, parentOrder } = context.store;
  if (plane === undefined) return new RunTasks(context, worker, options);
  const { planeRows } = await import("../engine/plane_rows.ts");
  return new RunTasks(context, worker, options, planeRows(plane.grid, levels[0], levels[0] - parentOrder));
}

/** The tasks of one run. */
class RunTasks {
  #context: RunContext;
  #clip: Clip | null;
  #finder: WindowFinder | null;
  #zones: ZoneMarks | null;
  #scatterer: Scatterer;
  #shardOf: (rank: number) => number;
  /** Columns of which more than the count is wanted. */
  #exact: ReadonlySet<number>;
  #reducer: ShardReducer;
  #space: SlabSpace;
  #slabs = new Map<number, SharedArrayBuffer>();
  #options: TaskRunnerOptions;

  constructor(context: RunContext, worker: number, options: TaskRunnerOptions, plane?: PlaneRows) {
    const { pipeline, store, rows } = context;
    const { parentOrder, latitude: convention } = store;
    const grid = { parentOrder, childOrder: store.levels[0], convention, places: plane?.places };
    this.#clip = rows.clip === null ? null : new Clip(rows.clip, grid);
    this.#finder = store.time === undefined ? null : new WindowFinder(store.time);
    const { zones } = pipeline.output;
    this.#zones = zones === undefined ? null : new ZoneMarks(zones, convention);
    const columnNames = pipeline.dataSource.columns.map((column) => column.name);
    const statistics = compileStatistics(pipeline.aggregation.statistics, columnNames);
    this.#context = context;
    this.#options = options;
    this.#shardOf = shardOfRank(store);
    this.#exact = new Set(
      pipeline.aggregation.statistics.flatMap((statistic, s) =>
        statistic.function === "count" ? [] : statistics.needs[s]
      ),
    );
    this.#scatterer = new Scatterer(
      new CellAssigner(parentOrder, grid.childOrder, convention, plane?.assign),
      this.#shardOf,
      columnNames.length + markColumns(zones),
      statistics.needs,
      { window: rows.window, clip: this.#clip },
    );
    const coarse = store.levels.some((level) => level < store.parentOrder);
    const summarizer = coarse ? compileMerge(pipeline.aggregation.statistics, columnNames) : null;
    const ofZones = zones === undefined ? null : compileMerge(pipeline.aggregation.statistics, columnNames);
    this.#reducer = new ShardReducer(context, statistics, summarizer, ofZones);
    this.#space = new SlabSpace(worker, context.slabBytes);
  }

  readonly #test = rowTests();

  async scatter(task: ScatterTask): Promise<ScatterOutcome> {
    const started = performance.now();
    this.#space.grant(task.granted);
    task.granted.forEach((slab) => this.#learn(slab));
    const mark = this.#space.mark();
    const { dataSource } = this.#context.pipeline;
    const taken = sourcesOf(dataSource, task.name.collection);
    const { parents } = this.#context.store;
    const wanted = new Map(task.ranks.map((rank) => [
      parents[rank % parents.length],
      rank % parents.length,
    ]));
    this.#scatterer.windows = this.#finder === null ? null : {
      finder: this.#finder,
      parents: parents.length,
      from: Math.floor(task.ranks[0] / parents.length),
      to: Math.floor(task.ranks[task.ranks.length - 1] / parents.length) + 1,
    };
    const entries: SegmentEntry[] = [];
    const counts = noCounts();
    const source = openTaskSource(task.location, this.#options);
    try {
      const rows = rowsToRead(task.rows, source);
      const [{ dataSource: one }] = taken;
      const request = rows === null
        ? this.#readRequest(one)
        : { ...this.#readRequest(one), groups: [...rows.keys()] };
      const file = await openHdf5(source, { request });
      try {
        const exact = rows !== null && task.rows!.exact && !(this.#clip?.needsPlaces ?? false) &&
          this.#zones === null;
        const known = new Map(exact ? task.rows!.groups.map((group) => [group.group, group]) : []);
        const given = givenValues(file, task.name);
        const runs: GroupRuns[] | null = rows === null && task.indexOrder !== null ? [] : null;
        const found = { groups: { present: 0, empty: 0, missing: 0 }, warnings: [] as string[] };
        let group = 0;
        for (const { dataSource: own, first } of taken) {
          const beams = new BeamChoice(file, own.beams);
          const common = {
            exact: new Set([...this.#exact].map((column) => column - first)),
            test: this.#test,
            memory: (rows: number, bytes: number) => this.#scatterer.makeRoom(rows, bytes),
            given,
            accepts: (group: string) => beams.accepts(group),
          };
          const groups = readGranule(
            file,
            this.#readRequest(own),
            rows !== null ? { ...common, rows, coordinates: !exact } : {
              ...common,
              wanted: this.#context.selective
                ? (_group, latitude, longitude) => this.#scatterer.meets(longitude, latitude, wanted)
                : undefined,
            },
          );
          let step = groups.next();
          for (; !step.done; step = groups.next()) {
            const read = [step.value.latitude, step.value.longitude, ...step.value.columns];
            const observations = widened(step.value, first, dataSource.columns.length);
            if (this.#zones !== null) {
              observations.columns.push(...this.#zones.mark(observations.longitude, observations.latitude));
            }
            this.#scatterer.scatter(
              observations,
              task.granule,
              group,
              wanted,
              this.#space,
              entries,
              counts,
              known.get(step.value.group),
            );
            if (runs !== null) runs.push(this.#scatterer.runsOf(step.value, task.indexOrder!));
            release(read);
            group += 1;
          }
          found.warnings.push(...step.value.warnings, ...beams.warnings);
          for (const key of ["present", "empty", "missing"] as const) {
            found.groups[key] += step.value[key].length;
          }
        }
        return {
          granule: task.granule,
          shards: [...new Set(task.ranks.map(this.#shardOf))],
          entries,
          counts,
          runs,
          staleRows: task.rows !== null && rows === null,
          ...found,
          reads: { ...source.counters, chunks: file.counters?.chunksDecoded ?? 0 },
          slabs: this.reportSlabs(),
          seconds: (performance.now() - started) / 1000,
        };
      } finally {
        file.close();
      }
    } catch (error) {
      this.#space.rollBack(mark);
      throw error;
    } finally {
      source.close();
    }
  }

  /** What is read of granules: times too where rows are cut by them. */
  #readRequest(dataSource: DataSource): ReadRequest {
    const { rows, store } = this.#context;
    const { columns, filters } = dataSource;
    const required = store.time !== undefined ||
      [...columns, ...filters.flatMap(filterReads)].some(({ path }) => path === "@time");
    if (rows.window === null && !required) return dataSource;
    const { path, units } = dataSource.time ?? { path: null, units: null };
    return { ...dataSource, times: { path, units, names: TIME_NAMES, gpsEpochs: GPS_EPOCHS, required } };
  }

  /** Writes segments from shared memory to a spill file that is whole or absent. */
  spill(task: SpillTask): SpillOutcome {
    const started = performance.now();
    for (const slab of task.slabs) this.#learn(slab);
    const { entries, bytes } = writeSpillFile(
      task.path,
      task.entries,
      (entry) => new Uint8Array(this.#buffer(entry.slab), entry.offset, entry.bytes),
    );
    return { path: task.path, entries, bytes, seconds: (performance.now() - started) / 1000 };
  }

  reduce(task: ReduceTask): ReduceOutcome {
    const started = performance.now();
    for (const slab of task.slabs) this.#learn(slab);
    const placed: PlacedSegment[] = task.entries.map(({ slab, offset, granule, group }) => ({
      granule,
      group,
      segment: viewSegment(this.#buffer(slab), offset),
    }));
    for (const part of task.parts) {
      const source = openTaskSource(part.location, this.#options);
      try {
        const bytes = source.read(part.offset, part.bytes);
        const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
        for (const { granule, group, offset } of part.entries) {
          const at = aligned.byteOffset + offset - part.offset;
          placed.push({
            granule,
            group,
            segment: viewSpilled(part.location.url, aligned.buffer, at, this.#reducer.cellsPerParent),
          });
        }
      } finally {
        source.close();
      }
    }
    const pending: ReduceOutcome["pending"] = [];
    const puts: { key: string; bytes: Uint8Array }[] = [];
    let objects = 0, bytes = 0;
    const folder = this.#context.storeFolder;
    const summary = this.#reducer.reduce(task.shard.index, placed, (key, object) => {
      objects += 1;
      bytes += object.length;
      if (folder === null) puts.push({ key, bytes: object });
      else {
        pending.push(writeObject(folder, key, object));
        release([object]);
      }
    });
    return { ...summary, objects, bytes, pending, puts, seconds: (performance.now() - started) / 1000 };
  }

  #buffer(slab: number): SharedArrayBuffer {
    const buffer = this.#slabs.get(slab);
    if (buffer === undefined) throw new Error(`slab ${slab} was never sent to this worker`);
    return buffer;
  }

  /** Slabs begun and filled since the last call. */
  reportSlabs(): SlabReport {
    const report = this.#space.report();
    report.opened.forEach((slab) => this.#learn(slab));
    return report;
  }

  #learn({ id, buffer }: Slab): void {
    this.#slabs.set(id, buffer);
  }
}

/** A source that this thread reads itself, or through the bridge. */
function openTaskSource(location: SourceLocation, { bridge }: TaskRunnerOptions): SyncSource {
  if (location.kind === "local") return openFileSyncSource(location.url);
  if (bridge === undefined) throw new Error(`${location.url}: this thread has no way to read remote bytes`);
  return bridge.open(location);
}

/** The spans of a row index by group, or null where it is of another file. */
function rowsToRead(rows: IndexedRows | null, source: SyncSource): Map<string, RowSpan[]> | null {
  if (rows === null || rows.sizeBytes !== null && rows.sizeBytes !== source.sizeBytes) return null;
  return new Map(rows.groups.map(({ group, spans }) => [group, spans]));
}
