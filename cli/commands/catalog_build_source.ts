/** What `catalog build --from X` asks of each source of granules. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { GranuleRow } from "../../catalog/granule.ts";
import type { CatalogQuery } from "../../catalog/schema.ts";
import type { CliContext } from "../io/context.ts";

export interface BuildRequest {
  /** Paths, files or URLs, as the source takes them. */
  inputs: readonly string[];
  /** Every flag of the command, by commander's names. */
  flags: Readonly<Record<string, unknown>>;
  cellOrder: number;
  output: string;
  context: CliContext;
}

/** An opened source: its rows, and what it has to say when they have been read. */
export interface OpenedSource {
  rows: AsyncIterable<GranuleRow>;
  /** After the last row. */
  queries(): CatalogQuery[];
  /** Lines for people: what was set aside and why. */
  notes(): string[];
  /** Granules that could not be read: the exit code is 3 when there are any. */
  failures: readonly { granule: string; reason: string }[];
  /** The rows are laid onto this catalog, which has its own order of cells. */
  onto?: { file: string; cellOrder: number; removed?: ((row: GranuleRow) => boolean) | undefined };
  /** The output holds every row: what was kept for another try may go. */
  finished?(): void;
  close(): Promise<void>;
}

export interface BuildSource {
  readonly kind: string;
  /** Adds the flags that only this source has. */
  addOptions(command: CommandUnknownOpts): void;
  open(request: BuildRequest): Promise<OpenedSource>;
}
