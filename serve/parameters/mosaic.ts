/** How granules become one picture. */
import { z } from "zod";
import { PIXEL_SELECTIONS, type PixelSelection } from "../../core/raster/mosaic/mosaic.ts";
import { COVERAGE } from "./coverage.ts";

export const MOSAIC = z.object({
  ...COVERAGE.shape,
  pixel_selection: z.enum(PIXEL_SELECTIONS as [PixelSelection, ...PixelSelection[]]).default("first")
    .meta({ description: "Which of several values a pixel gets" }),
});

export type MosaicParameters = z.output<typeof MOSAIC>;
