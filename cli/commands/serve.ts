/** `granary serve`: granules of catalogs over HTTP, until stopped. */
import { type Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { CMR_URL } from "../../catalog/discover/cmr/cmr_query.ts";
import { parseDrivers } from "../../catalog/driver_choice.ts";
import { allowedCores } from "../../core/resources.ts";
import { parseBytes } from "../../core/units.ts";
import { DEFAULT_LIMITS } from "../../serve/limits.ts";
import { inputError } from "../../core/errors.ts";
import { whole } from "../flags/numbers.ts";
import { gathering } from "../flags/repeated.ts";
import { openServedFeeds } from "./serve_feeds.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import { calledPlaces, calledStores, filesToRead, serverToAsk } from "../flags/places.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 8000;

/** As serve's own default has it. */
const DEFAULT_MEMORY = "256MiB";
const LEAST_MEMORY_BYTES = 16_000_000;

/** More are had by asking: each keeps blocks of its own, out of the same memory. */
const MOST_DEFAULT_WORKERS = 8;

const EXAMPLES = `
Examples:
  granary serve --catalog catalog.parquet
  granary serve --store antarctica.zarr                tiles of cells
  granary serve --cmr                                  NASA's archive, through its search
  granary serve --catalog hls=/data/hls.parquet --catalog /data/catalogs --port 8080 --verbose
  granary serve --feed s2.yaml                 /feed/NAME/status.html shows how it stands

It listens on ${DEFAULT_HOST} and knows no users: put a proxy before it, or name another --host, to let others
in. /api.html describes what can be asked, /metrics counts it; /WMTSCapabilities.xml is for QGIS.`;

export function addServe(program: Command, context: CliContext): void {
  program.command("serve")
    .description("answer questions about catalogs of granules over HTTP, until stopped")
    .optionsGroup("What is served:")
    .addOption(gathering(
      new Option(
        "--catalog <place>",
        "a catalog, NAME=FILE, a live catalog's folder, or a folder of catalogs; may be given again",
      ).argParser(calledPlaces),
    ))
    .addOption(gathering(
      new Option(
        "--store <place>",
        "a store of cells, a folder or S3 prefix, or NAME=PLACE; may be given again",
      )
        .argParser(calledStores),
    ))
    .addOption(gathering(
      new Option(
        "--feed <file>",
        "the state of a feed, by its YAML, and its live catalog where it has one; may be given again",
      )
        .argParser(filesToRead),
    ))
    .option("--cmr", "collections of NASA's CMR too, by collection_concept_id")
    .option("--cmr-url <url>", `the search endpoint of CMR (default: ${CMR_URL})`, serverToAsk)
    .optionsGroup("The server:")
    .option("--host <address>", "the address to listen on", DEFAULT_HOST)
    .option("--port <n>", "the port; 0 takes a free one", whole(0, 65535), DEFAULT_PORT)
    .option(
      "--memory <size>",
      `decoded blocks that are kept, by all threads (default: ${DEFAULT_MEMORY})`,
      parseMemory,
    )
    .option(
      "--workers <n>",
      "threads that read, warp and encode; 0: the one that answers does it (default: one less than cores)",
      whole(0, 64),
    )
    .option(
      "--max-image <pixels>",
      "the longest side of an image",
      whole(1, 16_384),
      DEFAULT_LIMITS.imageSide,
    )
    .option(
      "--driver <names>",
      "which of a granule's addresses is read: auto, or one or more of local, https, s3 with commas",
      "auto",
    )
    .addOption(gathering(
      new Option(
        "--allow-origin <origin>",
        "web pages that may ask: *, an origin, or none; origins may be given again (default: *)",
      )
        .argParser(parseOrigins),
    ))
    .option(
      "--base-url <url>",
      "the address that clients reach this server by (default: each request's Host)",
      parseBaseUrl,
    )
    .addHelpText("after", EXAMPLES)
    .action(async (options) => {
      const { serve } = await import("../../serve/serve.ts");
      const feeds = await openServedFeeds(options.feed ?? [], context.env);
      try {
        const catalogs = [...options.catalog ?? [], ...feeds.catalogs];
        const cmr = options.cmr === true || options.cmrUrl !== undefined;
        const stores = options.store ?? [];
        if (catalogs.length === 0 && stores.length === 0 && feeds.served.length === 0 && !cmr) {
          throw inputError(
            "there is nothing to serve (wanted --catalog FILE, --store STORE, --feed YAML, or --cmr)",
          );
        }
        const { verbose } = options as { verbose?: boolean };
        await serve({
          host: options.host,
          port: options.port,
          catalogs,
          drivers: parseDrivers(options.driver),
          ...(options.memory === undefined ? {} : { memoryBytes: options.memory }),
          workers: options.workers ?? defaultWorkers(),
          limits: { imageSide: options.maxImage },
          stores,
          feeds: feeds.served,
          cmrUrl: cmr ? options.cmrUrl ?? CMR_URL : undefined,
          allowOrigin: options.allowOrigin === "none" ? null : options.allowOrigin ?? "*",
          baseUrl: options.baseUrl ?? null,
          signal: context.signal,
          log: {
            info: (message) => context.log.info(message),
            warn: (message) => context.log.warn(message),
            ...(verbose === true ? { request: (line: string) => context.log.info(line) } : {}),
          },
          onListening: (url) =>
            context.json ? printReport(context, "serve", { url }) : context.log.info(`listening on ${url}`),
        });
      } finally {
        await feeds.close();
      }
    });
}

/** A core is left to the thread that answers. */
function defaultWorkers(): number {
  return Math.min(MOST_DEFAULT_WORKERS, Math.max(1, allowedCores() - 1));
}

function parseMemory(text: string): number {
  const bytes = parseBytes(text);
  if (bytes >= LEAST_MEMORY_BYTES) return bytes;
  throw new InvalidArgumentError(`"${text}" is less than 16MB, which holds too few blocks.`);
}

type GivenOrigins = "*" | "none" | readonly string[];

/** One more origin; `*` and `none` stand alone. */
function parseOrigins(text: string, before: GivenOrigins | undefined): GivenOrigins {
  const standsAlone = text === "*" || text === "none";
  if (typeof before === "string" || (standsAlone && before !== undefined)) {
    throw new InvalidArgumentError("* and none stand alone (wanted one of them, or origins).");
  }
  if (standsAlone) return text;
  if (/^https?:\/\/[^/\s]+$/i.test(text) && URL.canParse(text)) {
    // As browsers name it: in lower case, without the port that is usual.
    return [...before ?? [], new URL(text).origin];
  }
  throw new InvalidArgumentError(`"${text}" is no origin, such as https://example.org (or * or none).`);
}

function parseBaseUrl(named: string): string {
  const text = serverToAsk(named);
  if (/^https?:\/\/[^\s?#]+$/.test(text) && URL.canParse(text)) return text.replace(/\/+$/, "");
  throw new InvalidArgumentError(`"${text}" is no http or https URL without a query.`);
}
