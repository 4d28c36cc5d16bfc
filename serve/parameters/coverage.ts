/** How many granules an answer is made of, and when it is enough. */
import { z } from "zod";

export const LIMIT = z.int().min(1).optional().meta({ description: "Not more granules than this" });

export const COVERAGE = z.object({
  items_limit: LIMIT,
  exitwhenfull: z.boolean().optional().meta({
    description: "Whether to stop when every pixel has a value: by default where the first value is taken",
  }),
  skipcovered: z.boolean().default(false)
    .meta({ description: "Whether to leave out granules whose footprint others cover already" }),
  coverage_tolerance: z.number().min(0).max(1).optional()
    .meta({ description: "The share of pixels that may be empty in an answer that counts as full" }),
});

export type CoverageParameters = z.output<typeof COVERAGE>;
