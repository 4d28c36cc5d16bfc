/** `granary stac push ITEMS --to TARGET`: items that exist already, brought to a catalog or an API. */
import fs from "node:fs";
import process from "node:process";
import { type Command, Option } from "@commander-js/extra-typings";
import { inputError, systemCode } from "../../core/errors.ts";
import { outputAddress } from "../../core/files/address.ts";
import { checkStac } from "../../core/stac/check.ts";
import type { StacCollection } from "../../core/stac/values.ts";
import { formatNumberOf } from "../../core/units.ts";
import type { PublishTarget, TargetKind } from "../../publish/dataset.ts";
import { outputFile, OVERWRITE, OVERWRITE_HELP } from "../flags/output.ts";
import { whole } from "../flags/numbers.ts";
import type { CliContext } from "../io/context.ts";
import { failOnFailures } from "../io/failures.ts";
import { printReport } from "../io/report.ts";
import { filesToRead, fileToRead, placeToWrite } from "../flags/places.ts";

const EXAMPLES = `
Examples:
  granary stac push items/*.json --to catalog/
  granary stac push items.ndjson --to s3://bucket/omto3d/ --collection collection.json
  granary stac push items/*.json --to https://stac.example.org --api transactions --token env:STAC_TOKEN
  granary stac push items/*.json --to items.parquet --format geoparquet

Items are checked first; each that is there already is replaced. Exit code 3 when the target refuses some.`;

const APIS = ["transactions", "ingest", "pgstac"] as const;
const FORMATS = ["static", "ndjson", "geoparquet", "catalog"] as const;
const DEFAULT_ATTEMPTS = 5;

interface PushFlags {
  to: string;
  api?: (typeof APIS)[number];
  format?: (typeof FORMATS)[number];
  token?: string;
  collection?: string;
  stac: "1.0" | "1.1";
  attempts: number;
  overwrite?: true;
}

export function addStacPush(stac: Command, context: CliContext): void {
  stac.command("push")
    .description("bring items to a static catalog, an API, a database or a file")
    .argument(
      "<items...>",
      "items or item collections as JSON, .ndjson with a line an item, or - for stdin",
      filesToRead,
    )
    .requiredOption("--to <target>", "a folder, s3://bucket/prefix/, https://… or a file", placeToWrite)
    .addOption(
      new Option("--api <api>", "what answers at an https:// address; pgstac is a database").choices(APIS),
    )
    .addOption(new Option("--format <format>", "of files (default: static)").choices(FORMATS))
    .option(
      "--token <env:NAME>",
      "the environment variable that holds the token, or pgstac's connection string",
    )
    .option("--collection <file>", "the collection's document (default: made from the items)", fileToRead)
    .addOption(
      new Option("--stac <version>", "version that is written").choices(["1.0", "1.1"] as const).default(
        "1.1" as const,
      ),
    )
    .option("--attempts <n>", "how often a request is sent at most", whole(), DEFAULT_ATTEMPTS)
    .option(OVERWRITE, OVERWRITE_HELP)
    .addHelpText("after", EXAMPLES)
    .action((files, flags) => push(files, flags as PushFlags, context));
}

async function push(files: readonly string[], flags: PushFlags, context: CliContext): Promise<void> {
  const target = targetOf(flags);
  const { checkSecrets } = await import("../../publish/targets/open.ts");
  checkSecrets([target], process.env);
  const { pushItems } = await import("../../publish/push.ts");
  const { readItems } = await import("../../publish/read_items.ts");
  const { SourceOpener } = await import("../../core/access/open.ts");
  const { signal } = context;
  if (files.includes("-") && files.length > 1) {
    throw inputError("stdin stands alone (give - and no other file)");
  }
  const items = files[0] === "-" ? await onceRead(readItems("-")) : async function* () {
    for (const file of files) yield* readItems(file);
  };
  // Every item is sound, or nothing is sent.
  let total = 0;
  for await (const _ of items()) total += 1;
  const opener = new SourceOpener({ signal, warn: (message) => context.log.warn(message) });
  const progress = context.log.progress("push", total, "items");
  try {
    const pushed = await pushItems({
      items,
      target,
      collection: flags.collection === undefined ? null : readCollection(flags.collection),
      opener,
      attempts: flags.attempts,
      onProgress: (done) => progress.update(done),
    });
    progress.end();
    if (context.json) printReport(context, "stac.push", pushed);
    else {context.log.info(
        `${pushed.target}: ${formatNumberOf(pushed.items, "item")} of ${pushed.collection}`,
      );}
    failOnFailures(
      pushed.refused,
      `${formatNumberOf(pushed.refused.length, "item")} of ${total} were refused; the others are there`,
      context,
    );
  } finally {
    progress.end();
    await opener.close();
  }
}

/** Stdin is read once; what came is kept for the second pass. */
async function onceRead<T>(items: AsyncIterable<T>): Promise<() => AsyncIterable<T>> {
  const kept: T[] = [];
  for await (const item of items) kept.push(item);
  return async function* () {
    yield* kept;
  };
}

function targetOf(flags: PushFlags): PublishTarget {
  if (flags.api !== undefined && flags.format !== undefined) {
    throw inputError("--api and --format exclude each other");
  }
  const isWeb = /^https?:\/\//i.test(flags.to);
  const kind: TargetKind = flags.api ?? flags.format ?? "static";
  if (isWeb && (kind !== "transactions" && kind !== "ingest")) {
    throw inputError(
      `${flags.to}: is the address of a server: say which interface it has (--api transactions)`,
    );
  }
  if (!isWeb && (kind === "transactions" || kind === "ingest")) {
    throw inputError(`--to "${flags.to}" is no address of an API (wanted https://…)`);
  }
  const secret = flags.token === undefined ? null : /^env:([A-Za-z_]\w*)$/.exec(flags.token)?.[1];
  if (secret === undefined) {
    throw inputError("--token: wanted env:NAME (a secret never stands on a command line)");
  }
  if (kind === "pgstac" && secret === null) {
    throw inputError("--api pgstac reads its connection string from the environment (say --token env:NAME)");
  }
  return {
    kind,
    to: placeOf(flags, kind, isWeb),
    secret,
    oauth: null,
    stac: flags.stac === "1.0" ? "1.0.0" : "1.1.0",
  };
}

function placeOf(flags: PushFlags, kind: TargetKind, isWeb: boolean): string {
  if (isWeb || kind === "pgstac") return flags.to;
  if (kind === "static") return outputAddress(flags.to);
  return outputFile(flags.to, kind === "ndjson" ? "JSON" : "Parquet", flags.overwrite);
}

function readCollection(file: string): StacCollection {
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined && !(error instanceof SyntaxError)) throw error;
    throw inputError(`${file}: ${code === undefined ? "is not JSON" : `cannot be read (${code})`}`);
  }
  const { kind, faults } = checkStac(value);
  if (kind !== "collection" || faults.length > 0) {
    throw inputError(
      `${file}: ${
        kind === "collection" ? `${faults[0].path}: ${faults[0].problem}` : `is no collection but ${kind}`
      }`,
    );
  }
  return value as StacCollection;
}
