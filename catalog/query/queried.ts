/** What SQL runs over: a DuckDB with views, its name, and what a result that is a catalog says of itself. */
import type { Catalog } from "../file/open_catalog.ts";

export type Queried = Pick<Catalog, "duck" | "name" | "metadata">;
