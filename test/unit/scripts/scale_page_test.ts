import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

const PAGE = fs.readFileSync(path.resolve(import.meta.dirname!, "../../../docs/scale.md"), "utf8");

/** The first number of the second cell of the row that begins with these words. */
function figure(begins: string): number {
  const row = PAGE.split("\n").find((line) => line.startsWith(`| ${begins}`));
  assert.ok(row !== undefined, `no row "${begins}"`);
  return Number(/[\d,.]*\d/.exec(row.split("|")[2])![0].replaceAll(",", ""));
}

Deno.test("the costs of a whole mission are what the page's own numbers make", () => {
  const granules = figure("granules |");
  const diskSeconds = granules * figure("million rows a granule") * figure("core seconds a million rows");
  const cloudSeconds = diskSeconds + granules * figure("more core seconds a granule from S3");
  const diskBytes = granules * figure("MB a granule from a disk") * 1e6;
  const cloudBytes = granules * figure("MB a granule from S3, whole") * 1e6;
  const requests = granules * figure("requests a granule from S3, whole");
  const gigabyteSeconds = cloudSeconds * figure("GB of a function with one core");
  const made: [begins: string, figure: number][] = [
    ["hours of a core, files on a disk", diskSeconds / 3600],
    ["hours of a core, from S3", cloudSeconds / 3600],
    ["TB from a disk", diskBytes / 1e12],
    ["TB from S3", cloudBytes / 1e12],
    ["million requests", requests / 1e6],
    ["dollars for requests", requests * figure("dollars a GET request")],
    ["dollars for functions", gigabyteSeconds * figure("dollars a GB second of a function, x86")],
    ["dollars for leaving the region", cloudBytes / 1e9 * figure("dollars a GB that leaves the region")],
    ["this machine, 2 cores", diskSeconds / 2 / 3600],
    ["a laptop of 8 cores", Math.max(cloudSeconds / 8, cloudBytes / 125e6) / 3600],
    ["one node of 32 cores beside its files", diskSeconds / 32 / 3600],
    ["one node of 32 cores in the region", Math.max(cloudSeconds / 32, cloudBytes / 1.25e9) / 3600],
    ["Slurm, 10 nodes of 32 cores", diskSeconds / 320 / 3600],
    ["Lambda, 200 at a time", cloudSeconds / 200 / 3600],
  ];
  for (const [begins, wanted] of made) {
    const found = figure(begins);
    assert.ok(
      Math.abs(found / wanted - 1) < 0.03,
      `${begins}: the page says ${found}, its numbers make ${wanted}`,
    );
  }
});
