/**
 * One aggregation on one thread, for `scripts/profile.ts` to run under Bun's profiler:
 * `bun --cpu-prof test/bench/profile_run.ts CATALOG STORE [LEVELS]`.
 */
import process from "node:process";
import { aggregate } from "../../aggregate/aggregate.ts";

const [catalog, store, levels] = process.argv.slice(2);
const { report } = await aggregate({ config: "atl06", catalog, store, levels, workers: 0 });
console.log(JSON.stringify(report!.seconds));
