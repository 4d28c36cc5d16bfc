/** A catalog's row as the text that the ledger keeps. */
import { Buffer } from "node:buffer";
import type { GranuleRow } from "../../catalog/granule.ts";

export function encodeRow(row: GranuleRow): string {
  return JSON.stringify({
    ...row,
    geometry: row.geometry === null ? null : Buffer.from(row.geometry).toString("base64"),
    cells: Array.from(row.cells, String),
  });
}

export function decodeRow(text: string): GranuleRow {
  const row = JSON.parse(text) as Omit<GranuleRow, "geometry" | "cells"> & {
    geometry: string | null;
    cells: string[];
  };
  return {
    ...row,
    geometry: row.geometry === null ? null : new Uint8Array(Buffer.from(row.geometry, "base64")),
    cells: BigUint64Array.from(row.cells, BigInt),
  };
}
