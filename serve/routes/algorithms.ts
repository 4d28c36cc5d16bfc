/** Algorithms: which there are, and what each takes and gives. */
import { z } from "zod";
import { itemLink } from "./item_link.ts";
import { ALGORITHM_NAMES, ALGORITHMS } from "../../core/raster/algorithms/registry.ts";
import type { Algorithm } from "../../core/raster/algorithms/algorithm.ts";
import type { Api } from "../http/api.ts";
import { json } from "../http/operation.ts";

const NONE = z.object({});

export function addAlgorithms({ api }: { api: Api }): void {
  api.add({
    method: "get",
    path: "/algorithms",
    summary: "Algorithms",
    tag: "reference",
    pathParameters: NONE,
    query: NONE,
    answers: { 200: { description: "Names and links", types: ["application/json"] } },
    answer: ({ baseUrl }) =>
      json({
        algorithms: ALGORITHM_NAMES.map((id) => ({
          id,
          links: [itemLink(`${baseUrl}/algorithms/${id}`, `Definition of ${id} Algorithm`)],
        })),
      }),
  });
  api.add({
    method: "get",
    path: "/algorithms/{algorithmId}",
    summary: "An algorithm",
    tag: "reference",
    pathParameters: z.object({ algorithmId: z.enum(ALGORITHM_NAMES) }),
    query: NONE,
    answers: { 200: { description: "What it takes and gives", types: ["application/json"] } },
    answer: ({ path: { algorithmId } }) => {
      const algorithm: Algorithm = ALGORITHMS[algorithmId];
      const { title, description, inputBands, outputBands, outputDtype, outputRange, parameters } = algorithm;
      const [min, max] = outputRange === null
        ? [null, null]
        : outputRange.map((bound) => new Array(outputBands ?? 1).fill(bound));
      return json({
        title,
        description,
        inputs: { nbands: inputBands },
        outputs: { nbands: outputBands, dtype: outputDtype, min, max },
        parameters,
      });
    },
  });
}
