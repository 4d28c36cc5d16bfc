/** What the main thread and a worker thread of a server say to each other. All of it survives a message port. */
import type { SourceLocation } from "../../core/access/location.ts";
import type { ByteRange } from "../../core/access/source.ts";
import type { SerializedError } from "../../core/errors.ts";
import type { BoundingBox } from "../../core/geometry/box.ts";
import type { DriverChoice } from "../../catalog/driver_choice.ts";
import type { Answer } from "../http/operation.ts";
import type { Phases } from "../http/phases.ts";
import type { Problem } from "../http/problem.ts";
import type { ServeLimits } from "../limits.ts";
import type { GranuleFilter, SearchParameters } from "../parameters/search.ts";
import type { ServedGranule } from "../search/granules.ts";

/** What a worker is started with. */
export interface WorkerSettings {
  readonly limits: ServeLimits;
  readonly drivers: DriverChoice;
  readonly localRegion: string | undefined;
  /** Bytes of decoded blocks that this worker keeps, of files and of stores. */
  readonly gridBytes: number;
  readonly storeBytes: number;
  /** Places of stores by name. */
  readonly stores: ReadonlyMap<string, string>;
}

/** A checked request of one operation. */
export interface Job {
  readonly key: string;
  readonly path: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly search: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly baseUrl: string;
}

/** What a worker must ask for: it holds no credentials and no catalogs. */
export type Question =
  | {
    readonly about: "granules";
    readonly parameters: SearchParameters;
    readonly filter: GranuleFilter;
    /** Boxes that do not cross the antimeridian; null is anywhere. */
    readonly boxes: readonly BoundingBox[] | null;
    readonly most: number;
  }
  | { readonly about: "extent"; readonly parameters: SearchParameters; readonly filter: GranuleFilter }
  | { readonly about: "times"; readonly parameters: SearchParameters; readonly collectionId: string }
  | { readonly about: "open"; readonly location: SourceLocation }
  | { readonly about: "read"; readonly source: number; readonly ranges: readonly ByteRange[] }
  | { readonly about: "store get"; readonly place: string; readonly key: string }
  | {
    readonly about: "store range";
    readonly place: string;
    readonly key: string;
    readonly window: { offset: number; length: number } | { suffixLength: number };
  }
  | { readonly about: "store list"; readonly place: string; readonly prefix: string }
  | { readonly about: "store sizes"; readonly place: string; readonly prefix: string };

export interface FoundGranules {
  readonly source: string;
  readonly granules: readonly ServedGranule[];
}

export interface OpenedSource {
  readonly source: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly versionTag: string | undefined;
}

export interface WorkerCounts {
  readonly blockBytes: number;
  readonly blockHits: number;
  readonly blockMisses: number;
  readonly storeBytes: number;
  readonly filesOpen: number;
  readonly opens: number;
}

export const NO_COUNTS: WorkerCounts = {
  blockBytes: 0,
  blockHits: 0,
  blockMisses: 0,
  storeBytes: 0,
  filesOpen: 0,
  opens: 0,
};

/** A failure as data: a problem stays one. */
export type Failure =
  | {
    readonly status: Problem["status"];
    readonly detail: Problem["detail"];
    readonly headers: Readonly<Record<string, string>>;
    readonly cause: SerializedError | null;
  }
  | SerializedError;

export type ToWorker =
  | { readonly type: "start"; readonly settings: WorkerSettings }
  | { readonly type: "job"; readonly id: number; readonly job: Job }
  /** Nobody waits for the job any more. */
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "reply"; readonly id: number; readonly value: unknown }
  | { readonly type: "refusal"; readonly id: number; readonly failure: Failure };

export type FromWorker =
  | {
    readonly type: "done";
    readonly id: number;
    readonly answer: Answer;
    readonly spent: Phases["milliseconds"];
    readonly counts: WorkerCounts;
  }
  | {
    readonly type: "failed";
    readonly id: number;
    readonly failure: Failure;
    readonly spent: Phases["milliseconds"];
    readonly counts: WorkerCounts;
  }
  | { readonly type: "ask"; readonly id: number; readonly question: Question }
  /** Nobody waits for the reply any more. */
  | { readonly type: "drop"; readonly id: number }
  | { readonly type: "close"; readonly source: number }
  | { readonly type: "warning"; readonly message: string }
  /** A store is left out of an answer about many; `why` is null when it is read again. */
  | { readonly type: "left out"; readonly what: string; readonly why: string | null };
