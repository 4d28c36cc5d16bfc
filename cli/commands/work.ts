/** `granary work`, `runs`, `finish`: a planned run, a piece at a time. */
import type { Command } from "@commander-js/extra-typings";
import { GranaryError } from "../../core/errors.ts";
import { formatBytes, formatCount, formatSeconds, parseBytes } from "../../core/units.ts";
import type { RunStatus } from "../../aggregate/run/pieces.ts";
import type { CliContext, Progress } from "../io/context.ts";
import { failOnFailures } from "../io/failures.ts";
import { countOf, whole } from "../flags/numbers.ts";

const EXAMPLES = `
Examples:
  granary aggregate -c atl06 --catalog catalog.parquet -o store.zarr --plan-only --batches 8
  granary work store.zarr.run --scatter 0
  seq 0 7 | xargs -P 4 -I{} granary work store.zarr.run --workers 1 --scatter {}
  granary runs store.zarr.run --json | jq -r '.shards.left[]' | xargs -P 4 -I{} granary work store.zarr.run --workers 1 --reduce {}
  granary runs store.zarr.run
  granary finish store.zarr.run`;

export function addWork(program: Command, context: CliContext): void {
  program.command("work")
    .description("do one piece of a planned run: scatter a batch of granules, or reduce a shard")
    .argument("<run-dir>", "the run directory: a folder or s3://bucket/prefix")
    .option("--scatter <n>", "the batch to scatter", whole())
    .option("--reduce <n>", "the shard to reduce", whole())
    .option("--workers <n>", "worker threads (default: the cores that this process may use)", countOf)
    .option("--memory <size>", "memory for the whole process, such as 4GB")
    .option("--scratch <dir>", "folder for runs files in the making (default: the run directory)")
    .option("--driver <drivers>", "how granules are read, over the plan's: auto, or local, https, s3")
    .addHelpText("after", EXAMPLES)
    .action(async (runDirectory, options) => {
      const { work } = await import("../../aggregate/work.ts");
      const { scatter, reduce } = options;
      if ((scatter === undefined) === (reduce === undefined)) {
        throw new GranaryError("input", "say one of --scatter N and --reduce N");
      }
      let progress: Progress | undefined;
      const piece = scatter !== undefined ? { scatter } : { reduce: reduce! };
      try {
        const done = await work(runDirectory, piece, {
          workers: options.workers,
          memoryBytes: options.memory === undefined ? undefined : parseBytes(options.memory),
          scratch: options.scratch,
          driver: options.driver,
          // A scatter that is told to stop saves what it has read.
          ...(scatter === undefined ? { signal: context.signal } : { enough: context.signal }),
          onWarning: (message) => context.log.warn(message),
          onProgress: (state) => {
            progress ??= context.log.progress("scatter", null, "granules");
            progress.update(state.granules);
          },
        });
        progress?.end();
        context.signal.throwIfAborted();
        if (context.json) context.out.json(done);
        else if ("batch" in done) {
          const { total, read, kept } = done.granules;
          context.out.write(
            `batch ${done.batch}: ${read} of ${total} granules read, ${kept} kept, ${
              formatCount(done.observations)
            } observations\n`,
          );
        } else {
          context.out.write(`shard ${done.shard}: ${formatCount(done.observations)} observations\n`);
        }
        if ("batch" in done) {
          const { failed, total } = done.granules;
          const message = `${failed.length} of ${total} granules of batch ${done.batch} could not be read`;
          failOnFailures(failed, message, context);
        }
      } finally {
        progress?.end();
      }
    });

  program.command("runs")
    .description("show how far a run is: batches, shards, failures")
    .argument("<run-dir>", "the run directory: a folder or s3://bucket/prefix")
    .addHelpText("after", EXAMPLES)
    .action(async (runDirectory) => {
      const { status } = await import("../../aggregate/work.ts");
      const found = await status(runDirectory, { signal: context.signal });
      if (context.json) {
        context.out.json(found);
        return;
      }
      context.out.table(["what", "value"], [
        ["store", found.store],
        ["sealed", found.sealed ? "yes" : "no"],
        [
          "scatter batches",
          `${found.batches.done} of ${found.batches.total} done${numbers(found.batches.left)}`,
        ],
        [
          "granules",
          `${formatCount(found.granules.scattered)} of ${formatCount(found.granules.total)} scattered`,
        ],
        ["shards", `${found.shards.done} of ${found.shards.total} done${numbers(found.shards.left)}`],
        ["observations", formatCount(found.observations)],
        ["written", formatBytes(found.storeBytes)],
        ["work", workLine(found)],
        ...found.bill === null
          ? []
          : [["cost", `about $${found.bill.dollars.toFixed(4)}, ${found.bill.invocations} invocations`]],
        ...found.granules.failed.map((
          { collection, id, reason },
        ) => ["failed", `${collection} ${id}: ${reason}`]),
      ]);
    });

  program.command("finish")
    .description("seal a run's store when every shard is done: coarse levels, metadata")
    .argument("<run-dir>", "the run directory: a folder or s3://bucket/prefix")
    .addHelpText("after", EXAMPLES)
    .action(async (runDirectory) => {
      const { finish } = await import("../../aggregate/work.ts");
      const done = await finish(runDirectory, { signal: context.signal });
      if (context.json) context.out.json(done);
      else {
        const cells = Object.entries(done.cells).map(([order, count]) => `${formatCount(count)} at ${order}`);
        context.out.table(["what", "value"], [
          ["store", done.store],
          ["observations", formatCount(done.observations)],
          ["cells", cells.join(", ")],
        ]);
      }
      failOnFailures(
        done.failed,
        `${done.failed.length} granules could not be read; ${done.incompleteParents.length} parent cells lack` +
          " them, and the store says so",
        context,
      );
    });
}

/** Time of workers, and how fast one of them read. */
function workLine({ workerSeconds: { scatter, reduce }, bytesRead }: RunStatus): string {
  const rate = scatter > 0 ? ` (${formatBytes(bytesRead / scatter)} a second)` : "";
  return `${formatSeconds(scatter)} of scattering${rate}, ${formatSeconds(reduce)} of reducing`;
}

function numbers(left: readonly number[]): string {
  if (left.length === 0) return "";
  return `, left: ${left.slice(0, 12).join(", ")}${left.length > 12 ? ", …" : ""}`;
}
