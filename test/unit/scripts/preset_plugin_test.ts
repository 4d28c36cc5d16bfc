import assert from "node:assert/strict";
import { loadPreset } from "../../../aggregate/config/load.ts";
import { presetPipeline } from "../../../aggregate/config/preset_pipelines.ts";
import { PRESET_NAMES } from "../../../products/presets/index.ts";
import { parsedPresets } from "../../../scripts/preset_plugin.ts";

Deno.test("the binary's presets are the pipelines that their texts are parsed to, a new one each time", async () => {
  const module = await import(`data:text/javascript,${encodeURIComponent(parsedPresets())}`);
  for (const name of PRESET_NAMES) {
    const pipeline = await module.presetPipeline(name);
    assert.deepStrictEqual(pipeline, loadPreset(name));
    assert.deepStrictEqual(pipeline, await presetPipeline(name));
    pipeline.name = "another";
    assert.equal((await module.presetPipeline(name)).name, name);
  }
});
