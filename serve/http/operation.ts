/** An endpoint as a value: its path, what it takes, what it answers. Routes and the API's description come from it. */
import type { z } from "zod";
import type { Phases } from "./phases.ts";

/** What an operation is asked, checked and typed. */
export interface Asked<Path, Query, Body> {
  path: Path;
  query: Query;
  body: Body;
  /** The query as it was sent, in its order, for links that repeat it. */
  sent: URLSearchParams;
  headers: Headers;
  /** `https://host/prefix` that this server is reached by, without a slash at its end. */
  baseUrl: string;
  /** Aborts when the client goes away, when the time is over, and when the server has no more patience. */
  signal: AbortSignal;
  phases: Phases;
}

export interface Answer {
  status?: number;
  /** Null is no body at all. */
  body: Uint8Array | string | null;
  type?: string;
  headers?: Readonly<Record<string, string>>;
}

/** What is made of an answer, for the API's description. */
interface Described {
  description: string;
  types: readonly string[];
}

export interface Operation<
  Path extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
> {
  method: "get" | "post";
  /** `/rasterio/tiles/{tileMatrixSetId}/{z}/{x}/{y}.{format}`; `{rest*}` takes slashes too. */
  path: string;
  summary: string;
  tag: string;
  /** Schemas of numbers and booleans are given what the text says; lists take repeated parameters. */
  pathParameters: Path;
  query: Query;
  body?: Body;
  answers: Readonly<Record<string, Described>>;
  /** Reads data: waits for its turn, and has a time limit. */
  heavy?: boolean;
  /** Pixels of the output that a request asks for: large ones leave places to others. */
  pixels?: (asked: { path: unknown; query: unknown }) => number;
  /** Takes pixels or cells apart: done by a worker thread where the server has any. */
  apart?: boolean;
  /** Not part of the API's description: health, metrics, pages. */
  hidden?: boolean;
  answer: (asked: Asked<z.output<Path>, z.output<Query>, z.output<Body>>) => Promise<Answer> | Answer;
}

/** Where endpoints are added to. */
export interface OperationList {
  add<Path extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType = z.ZodUndefined>(
    operation: Operation<Path, Query, Body>,
  ): void;
}

/** An operation whose schemas are not looked at. */
export type AnyOperation = Operation<z.ZodObject, z.ZodObject, z.ZodType>;

/** What an operation is distinguished from all others by: `GET /catalogs/{name}`. */
export function operationKey({ method, path }: Pick<Operation, "method" | "path">): string {
  return `${method.toUpperCase()} ${path}`;
}

export function json(value: unknown, options: Omit<Answer, "body"> = {}): Answer {
  return { type: "application/json", ...options, body: JSON.stringify(value) };
}

/** Nothing there: no body, and soon to be asked again, because granules arrive. */
export function nothing(): Answer {
  return { status: 204, body: null };
}
