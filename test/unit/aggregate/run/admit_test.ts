import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { admit } from "../../../../aggregate/run/admit.ts";
import { RunDirectory } from "../../../../aggregate/run_directory/run_directory.ts";
import type { Plan } from "../../../../aggregate/plan/plan.ts";
import { StorePlace } from "../../../../aggregate/run/store_place.ts";
import { FolderTarget } from "../../../../core/access/folder_target.ts";
import { GranaryError } from "../../../../core/errors.ts";
import type { StoreSpec } from "../../../../core/store/contract.ts";

Deno.test("saved work of an unfinished run is never thrown away unasked", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-unfinished-"));
  try {
    const directory = RunDirectory.in(path.join(folder, "store.zarr.run"));
    const spec: StoreSpec = {
      layout: "compact",
      parentOrder: 6,
      parents: [0],
      parentsPerShard: 1,
      levels: [12],
      latitude: "authalic",
      morton: null,
      variables: [],
      provenance: {},
    };
    const place = await StorePlace.at(new FolderTarget(path.join(folder, "store.zarr")), spec);
    const begin = () => admit(directory, "new", {} as Plan, place);
    await begin(); // nothing is there
    await directory.target.put("scatter/0001.json", new TextEncoder().encode("{}"));
    await assert.rejects(
      begin(),
      (error) => error instanceof GranaryError && error.tag === "input" && /--resume/.test(error.message),
    );
    await directory.target.put("report.json", new TextEncoder().encode("{}"));
    await begin(); // a run that ended keeps spill files to repair its store alone
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
