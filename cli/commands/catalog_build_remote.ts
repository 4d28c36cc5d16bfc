/** `granary catalog build --from cmr | cmr-json | stac`: the discovery that each request means. */
import type { CliContext } from "../io/context.ts";
import type { BuildRequest, FootprintRequest, SourceRequest } from "../flags/build.ts";
import { discoveredSource, lazyProgress, type OpenedSource } from "./catalog_build_source.ts";

type RemoteRequest = Extract<SourceRequest, { from: "cmr" | "cmr-json" | "stac" }>;
type UpdateRequest = Extract<SourceRequest, { from: "cmr-update" }>;

export async function openRemote(
  source: RemoteRequest,
  { output, cellOrder }: BuildRequest,
  context: CliContext,
): Promise<OpenedSource> {
  const sources = await import("../../catalog/discover/discover.ts");
  const { options, close } = discoveryOptions(source.from, source.footprints, cellOrder, context);
  switch (source.from) {
    case "cmr": {
      const { removeHarvest } = await import("../../catalog/discover/cmr/harvest_state.ts");
      const { query, url } = source;
      const resumeDir = harvestFolder(output);
      const io = await httpOf("cmr", context);
      const found = sources.discoverCmr(query, io, {
        ...options,
        ...(url === undefined ? {} : { url }),
        resumeDir,
      });
      return discoveredSource(found, "link", context, close, () => removeHarvest(resumeDir));
    }
    case "cmr-json": {
      const found = sources.discoverCmrJson(source.files, options, source.query);
      return discoveredSource(found, "link", context, close);
    }
    case "stac": {
      const io = await httpOf("stac", context);
      const found = sources.discoverStac(source.locations, io, options, source.query);
      return discoveredSource(found, "link", context, close);
    }
  }
}

export async function openUpdate(
  { removeDeleted, footprints }: UpdateRequest,
  { output, cellOrder }: BuildRequest,
  context: CliContext,
): Promise<OpenedSource> {
  const { discoverUpdate } = await import("../../catalog/discover/discover_update.ts");
  const { options, close } = discoveryOptions("cmr", footprints, cellOrder, context);
  const update = await discoverUpdate(output, await httpOf("cmr", context), { ...options, removeDeleted });
  return {
    rows: update.rows,
    queries: update.queries,
    notes: () => [],
    failures: [],
    onto: { file: output, cellOrder: update.cellOrder, removed: update.removed },
    close,
  };
}

/** How requests are sent. */
async function httpOf(kind: "cmr" | "stac", context: CliContext) {
  const { defaultHttpIo, STAC_TOKEN, stacAuthorization } = await import(
    "../../catalog/discover/draft/http_text.ts"
  );
  return {
    ...defaultHttpIo(context.signal, context.env),
    ...(kind === "stac"
      ? {
        authorization: stacAuthorization(context.env),
        loginHint: `the token of its API goes into ${STAC_TOKEN}`,
      }
      : {}),
    onWait: (reason: string, waitMs: number) =>
      context.log.info(`${reason}; trying again in ${Math.ceil(waitMs / 1000)} s`),
  };
}

/** What every discovery takes, and how its progress line ends. */
function discoveryOptions(
  kind: string,
  footprints: FootprintRequest,
  cellOrder: number,
  context: CliContext,
) {
  const progress = lazyProgress(context, kind, "granules");
  return {
    options: {
      ...footprints,
      cellOrder,
      asked: new Date().toISOString(),
      signal: context.signal,
      onWarning: (message: string) => context.log.warn(message),
      onProgress: (received: number, total: number | null) => progress.update(received, total),
    },
    close: () => {
      progress.end();
      return Promise.resolve();
    },
  };
}

/** Where an unfinished harvest for an output is kept. */
function harvestFolder(output: string): string {
  return `${output}.harvest`;
}
