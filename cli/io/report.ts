/**
 * What `--json` prints: names in snake_case, and `schema`, which names the document and its version. The
 * version rises when a field goes away or changes its meaning. docs/json.md lists the documents.
 */
import type { CliContext } from "./context.ts";

/** Every document that `--json` prints, and its version. */
export const REPORT_VERSIONS = {
  "aggregate": 1,
  "aggregate.plan": 1,
  "aggregate.submitted": 1,
  "auth.login": 1,
  "auth.status": 1,
  "catalog.build": 1,
  "catalog.export": 1,
  "catalog.import": 1,
  "catalog.index": 1,
  "catalog.info": 1,
  "catalog.merge": 1,
  "catalog.rebase": 1,
  "catalog.schema": 1,
  "catalog.urls": 1,
  "catalog.validate": 1,
  "cells": 1,
  "cog": 1,
  "cog.info": 1,
  "cog.validate": 1,
  "config.check": 1,
  "config.show": 1,
  "demo": 1,
  "deploy.schedule": 1,
  "diff": 1,
  "export": 1,
  "feed.backfill": 1,
  "feed.consume": 1,
  "feed.download": 1,
  "feed.publish": 1,
  "feed.requeue": 1,
  "feed.run": 1,
  "feed.serve": 1,
  "feed.status": 1,
  "feed.subscribe": 1,
  "feed.subscriptions": 1,
  "fetch": 1,
  "help.environment": 1,
  "inspect.hdf5": 1,
  "inspect.store": 1,
  "inspect.tiff": 1,
  "licenses": 1,
  "plot": 1,
  "publish.check": 1,
  "publish.held": 1,
  "publish.import": 1,
  "publish.plan": 1,
  "publish.run": 1,
  "publish.status": 1,
  "publish.submitted": 1,
  "run.finish": 1,
  "run.status": 1,
  "run.work": 1,
  "serve": 1,
  "simulate": 1,
  "stac.push": 1,
  "stac.validate": 1,
  "version": 1,
} as const;

type ReportName = keyof typeof REPORT_VERSIONS;

/** Prints a report as JSON. */
export function printReport(context: CliContext, name: ReportName, value: object): void {
  context.out.json(asReport(name, value));
}

/** The document: its schema first, then what `value` holds. */
export function asReport(name: ReportName, value: object): Record<string, unknown> {
  return {
    schema: `granary.${name}/${REPORT_VERSIONS[name]}`,
    ...snakeCase(value) as Record<string, unknown>,
  };
}

/** Their content is other people's: as it is. */
const FOREIGN = new Set(["attributes", "config", "details", "filter", "properties", "provenance", "queries"]);
/** Their keys are names that a user chose. */
const NAMED = new Set(["variables", "columns"]);

function snakeCase(value: unknown, keepKeys = false): unknown {
  if (Array.isArray(value)) return value.map((item) => snakeCase(item));
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  if (value instanceof Map || value instanceof Set || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      keepKeys ? key : snakeName(key),
      FOREIGN.has(key) ? inner : snakeCase(inner, NAMED.has(key)),
    ]),
  );
}

/** `sizeBytes` as `size_bytes`; what is no camelCase name stays. */
function snakeName(key: string): string {
  if (!/^[a-z][a-z0-9]*([A-Z0-9][a-z0-9]*)+$/.test(key)) return key;
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
