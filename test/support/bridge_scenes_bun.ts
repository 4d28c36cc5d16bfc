/** Runs the scenes of the bridge outside of a test runner: `bun test/support/bridge_scenes_bun.ts`. */
import { bridgeScenes } from "./bridge_scenes.ts";

for (const [name, run] of Object.entries(bridgeScenes)) {
  await run();
  console.log(`ok ${name}`);
}
