import assert from "node:assert/strict";
import { Command, Option } from "@commander-js/extra-typings";
import { backendFrom } from "../../../../cli/flags/backend.ts";
import { endTime, startTime } from "../../../../cli/flags/dates.ts";
import { countOf, listOf, numberWithin, parseRange, whole } from "../../../../cli/flags/numbers.ts";
import { functionFrom } from "../../../../cli/flags/function.ts";
import { cellsRequest, fetchRequest } from "../../../../cli/flags/selection.ts";
import { gather, gathering, refuseRepeated } from "../../../../cli/flags/repeated.ts";

Deno.test("whole numbers hold their bounds and say them", () => {
  assert.equal(whole()("0"), 0);
  assert.equal(countOf("12"), 12);
  assert.throws(() => countOf("0"), /"0" is not a whole number from 1/);
  assert.throws(() => whole(1, 64)("65"), /from 1 to 64/);
  for (const text of ["", "-1", "1.5", "1e3", "0x10", "99999999999999999999"]) {
    assert.throws(() => whole()(text), /is not a whole number/, text);
  }
});

Deno.test("other numbers and pairs hold theirs", () => {
  assert.equal(numberWithin(1, 100)("1.5"), 1.5);
  assert.throws(() => numberWithin(1, 100)(""), /from 1 to 100/);
  assert.throws(() => numberWithin(0, 2000, " of kilometres")("x"), /number of kilometres from 0 to 2000/);
  assert.deepEqual(parseRange("0,3500"), { low: 0, high: 3500 });
  assert.throws(() => parseRange("5,1"), /the lower value comes first/);
  assert.throws(() => parseRange("5"), /is not two numbers/);
  assert.deepEqual(listOf(" a, b,,c "), ["a", "b", "c"]);
});

Deno.test("a date means its whole day, a time itself", () => {
  assert.equal(startTime("2019-04-16"), Date.UTC(2019, 3, 16));
  assert.equal(endTime("2019-04-16"), Date.UTC(2019, 3, 17) - 1);
  assert.equal(endTime("2019-04-16T09:30:00Z"), Date.UTC(2019, 3, 16, 9, 30));
  assert.equal(startTime("2019-04-16T09:30+02:00"), Date.UTC(2019, 3, 16, 7, 30));
  for (const text of ["2019-02-30", "16.4.2019", "2019", ""]) {
    assert.throws(() => startTime(text), /is not a time \(wanted 2019-04-16/, text);
  }
});

function parsed(...words: string[]) {
  const command = new Command("c").exitOverride().configureOutput({ writeErr: () => {} })
    .option("-c, --config <name>").option("--dry-run")
    .addOption(gathering(new Option("--more <value>").argParser(gather)));
  refuseRepeated(command);
  return command.parse(words, { from: "user" }).opts();
}

Deno.test("a second value for a flag that holds one is refused; gathering flags and switches repeat", () => {
  assert.throws(() => parsed("-c", "a", "--config", "b"), /--config is given twice, as a and as b/);
  assert.throws(() => parsed("-c", "a", "-c", "a"), /--config is given twice/);
  assert.deepEqual(parsed("--more", "a", "--more", "b", "--dry-run", "--dry-run"), {
    more: ["a", "b"],
    dryRun: true,
  });
});

Deno.test("a backend gets its own flags, typed, and refuses those of another", () => {
  assert.equal(backendFrom({}), undefined);
  assert.deepEqual(backendFrom({ backend: "lambda", functionName: "f", awsRegion: "us-west-2" }), {
    kind: "lambda",
    functionName: "f",
    region: "us-west-2",
    maxParallel: undefined,
    retries: undefined,
  });
  const slurm = backendFrom({ backend: "slurm", mem: "8GB", wait: true });
  assert.ok(slurm?.kind === "slurm" && slurm.memoryBytes === 8e9 && slurm.wait);
  assert.throws(() => backendFrom({ partition: "main" }), /--partition means nothing to --backend local/);
  assert.throws(() => backendFrom({ backend: "lambda" }), /needs --function-name/);
});

Deno.test("--region is an area: a region of AWS is sent to --aws-region", () => {
  assert.throws(
    () => backendFrom({ backend: "lambda", functionName: "f", region: "us-west-2" }),
    /--region names an area .* --aws-region/,
  );
});

Deno.test("the flags of cells and fetch make their requests", () => {
  const request = cellsRequest(
    { order: 6, latitude: "authalic", cells: "6/45763, -6134114", provider: "A,B" },
    undefined,
  );
  assert.deepEqual(request.cells, [45763, 45763]);
  assert.deepEqual(request.providers, ["A", "B"]);
  assert.equal(request.unknownExtent, false);
  assert.throws(() => cellsRequest({ order: 5, latitude: "authalic", cells: "6/45763" }, undefined), /order/);
  const fetched = fetchRequest({ to: "m", driver: "https,s3", files: 4, start: "2024-01-01" }, undefined);
  assert.deepEqual([fetched.to, fetched.filesAtOnce, fetched.asset], ["m", 4, null]);
  assert.equal(fetched.start, Date.UTC(2024, 0, 1));
  assert.throws(() => fetchRequest({ to: "m", driver: "ftp", files: 4 }, undefined), /ftp/);
});

Deno.test("a function is made with what Lambda has, and no other", () => {
  const flags = { arch: "arm64" as const, memoryMb: 2048, timeout: 60, storageMb: 512, maxParallel: 5 };
  assert.equal(functionFrom(flags).memoryMegabytes, 2048);
  assert.throws(() => functionFrom({ ...flags, timeout: 901 }), /--timeout 901: wanted 10 to 900/);
});
