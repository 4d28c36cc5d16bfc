import assert from "node:assert/strict";
import { Command } from "@commander-js/extra-typings";
import { addPlotOptions, type PlotFlags, type PlotRequest, plotRequest } from "../../../../cli/flags/plot.ts";

const FILE = { isTerminal: false, json: false };

function requestOf(words: readonly string[], stdout = FILE): PlotRequest {
  const command = new Command("plot").exitOverride().configureOutput({ writeErr: () => {} });
  addPlotOptions(command);
  command.action(() => {}).parse([...words], { from: "user" });
  return plotRequest(command.opts() as unknown as PlotFlags, stdout);
}

Deno.test("words become what is drawn, and where to", () => {
  const words = ["--variable", "h_mean", "-o", "map.png", "--overwrite", "--order", "8", "--range=-5,3500"];
  assert.deepEqual(
    requestOf([...words, "--projection", "polar-south", "--width", "400", "--colormap", "ice"]),
    {
      variable: "h_mean",
      fps: undefined,
      time: undefined,
      output: "map.png",
      overwrite: true,
      preview: false,
      picture: {
        order: 8,
        range: { low: -5, high: 3500 },
        projection: "polar-south",
        width: 400,
        colormap: "ice",
      },
    },
  );
});

Deno.test("a preview needs no file, and stdout takes a picture that nothing else is said beside", () => {
  assert.deepEqual(
    [requestOf(["--preview"]), requestOf(["-o", "-"])].map(({ output, preview }) => [output, preview]),
    [[undefined, true], ["-", false]],
  );
  assert.throws(() => requestOf([]), /where to\?/);
  assert.throws(() => requestOf(["-o", "-", "--preview"]), /no room on stdout/);
  assert.throws(() => requestOf(["-o", "-"], { isTerminal: false, json: true }), /no room on stdout/);
  assert.throws(() => requestOf(["-o", "-"], { isTerminal: true, json: false }), /not for a terminal/);
  assert.throws(() => requestOf(["-o", "map.jpg"]), /writes PNG/);
});

Deno.test("animations have names of their own, and --fps goes with them", () => {
  const words = ["--variable", "h_mean", "--time", "all", "-o"];
  assert.equal(requestOf([...words, "a.gif", "--fps", "4"]).fps, 4);
  assert.equal(requestOf([...words, "a.apng"]).output, "a.apng");
  assert.throws(() => requestOf([...words, "a.png", "--fps", "4"]), /--fps goes with an animation/);
  assert.throws(() => requestOf([...words, "a.gif", "--fps", "99"]), /wanted a number from 0\.1 to 50/);
  assert.throws(() => requestOf([...words, "a.jpg"]), /writes PNG, GIF and APNG/);
});
