/**
 * A selection in a process of its own, for the benchmark of catalogs: `catalog_select.ts FILE FIRST COUNT` prints the
 * seconds that the first selection takes, of COUNT parents of order 6 from FIRST on, and the granules that it finds.
 */
import process from "node:process";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import { select } from "../../catalog/query/select.ts";
import { regionAt } from "./catalog_regions.ts";

const [file, first, count] = process.argv.slice(2);
const catalog = await openCatalog(file);
const start = performance.now();
const { granules } = await select(catalog, regionAt(Number(first), Number(count)));
console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000, granules: granules.length }));
catalog.close();
