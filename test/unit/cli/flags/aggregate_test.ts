import assert from "node:assert/strict";
import { Command } from "@commander-js/extra-typings";
import {
  addAggregateOptions,
  type AggregateFlags,
  aggregateRequest,
} from "../../../../cli/flags/aggregate.ts";
import { backendFrom } from "../../../../cli/flags/backend.ts";
import { boxArea } from "../../../../core/geometry/area.ts";

/** The typed flags of a line of words. */
function parse(...words: string[]): AggregateFlags {
  const command = new Command("aggregate").exitOverride().configureOutput({ writeErr: () => {} });
  addAggregateOptions(command);
  command.action(() => {});
  command.parse(["-c", "atl06", ...words], { from: "user" });
  return command.opts() as AggregateFlags;
}

const requestOf = (...words: string[]) => aggregateRequest(parse(...words), undefined);

Deno.test("words become typed values, and these the request", () => {
  const request = requestOf(
    ...["--catalog", "c.parquet", "-o", "s.zarr", "--cells", "6/45763, -6134114", "--max-cells", "20"],
    ...["--memory", "2GB", "--levels", "6-12", "--resume", "--checkpoint", "30", "--workers", "3"],
    ...["--start", "2024-01-01", "--end", "2024-01-31", "--collection", "ATL06.*,ATL08.*"],
  );
  assert.equal(request.config, "atl06");
  assert.equal(request.store, "s.zarr");
  assert.deepEqual(request.cells, ["6/45763", "-6134114"]);
  assert.equal(request.maxCells, 20);
  assert.equal(request.memoryBytes, 2e9);
  assert.equal(request.mode, "resume");
  assert.equal(request.checkpoint?.seconds, 30);
  assert.equal(request.workers, 3);
  assert.deepEqual(request.filter, {
    where: undefined,
    collections: ["ATL06.*", "ATL08.*"],
    providers: undefined,
    start: Date.UTC(2024, 0, 1),
    end: Date.UTC(2024, 1, 1) - 1,
  });
});

Deno.test("without flags a request holds the defaults and nothing of an earlier one", () => {
  const request = requestOf();
  assert.equal(request.mode, "new");
  assert.equal(request.onError, "report");
  assert.equal(request.dryRun, false);
  assert.deepEqual(request.areas, []);
  assert.equal(request.memoryBytes, undefined);
});

Deno.test("an area goes into the request as it is", () => {
  const area = boxArea(0, 10, 20, 30);
  assert.deepEqual(aggregateRequest(parse(), area).areas, [area]);
});

/** A value that an option takes, other than its default. */
function sample(flag: string, choices: readonly string[] | undefined): string[] {
  if (choices !== undefined) return [choices.at(-1)!];
  if (/^--(start|end)$/.test(flag)) return ["2024-01-05"];
  if (/^--mem/.test(flag)) return ["3GB"];
  if (flag === "--retry-scale") return ["2.5"];
  if (flag === "--origin") return ["500000,0"];
  return ["7"];
}

Deno.test("every flag of aggregate changes the request, the area or the backend", () => {
  const command = new Command("aggregate");
  addAggregateOptions(command);
  const plain = JSON.stringify(requestOf());
  const areas = ["--polygon", "--region", "--bbox", "--zones", "--zone-name"];
  let tried = 0;
  for (const { long, argChoices, required } of command.options) {
    if (long == null || areas.includes(long) || long === "--config" || long === "--driver") continue;
    const words = required ? [long, ...sample(long, argChoices)] : [long];
    const flags = parse(...words);
    if (JSON.stringify(aggregateRequest(flags, undefined)) === plain) {
      const slurm = JSON.stringify(backendFrom(parse("--backend", "slurm")));
      const found = ["slurm", "lambda"].some((backend) => {
        try {
          const more = backend === "lambda" && long !== "--function-name" ? ["--function-name", "f"] : [];
          const asked = long === "--backend" ? words : [...words, "--backend", backend, ...more];
          return JSON.stringify(backendFrom(parse(...asked, ...(long === "--backend" ? more : [])))) !==
            slurm;
        } catch {
          // This backend does not take the flag: the other may.
          return false;
        }
      });
      assert.ok(found || long === "--backend", `${long} does nothing`);
    }
    tried++;
  }
  assert.ok(tried > 30);
});
