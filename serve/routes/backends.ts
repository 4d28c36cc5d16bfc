/** The two ways in which clients ask for data: files of bands, and files of variables with dimensions. */
import { z } from "zod";

const text = (description: string) => z.string().max(2000).optional().meta({ description });
const texts = (description: string) =>
  z.array(z.string().max(2000)).max(100).optional().meta({ description });

const RASTERIO = z.object({
  assets: texts("Files of each granule by key; |bidx=1,2 chooses bands, |expression=b1*2 computes them"),
  assets_regex: text("Which part of a file's name is its key: B[0-9][0-9]"),
  asset_as_band: z.boolean().default(false).meta({
    description: "Whether an asset's first band is called by the asset's name",
  }),
  expression: text("Bands computed from others: b1/b2;b3"),
});

const XARRAY = z.object({
  variables: z.array(z.string().max(500)).max(100).meta({ description: "Variables by name" }),
  sel: texts("Steps of other dimensions: time=nearest::2024-10-11T12:00:00"),
  group: text("The group that variables lie in"),
  expression: text("Bands computed from others: b1/b2;b3"),
});

export type RasterioParameters = z.output<typeof RASTERIO>;
export type XarrayParameters = z.output<typeof XARRAY>;

export interface Backend {
  readonly name: "rasterio" | "xarray";
  /** What says what is read of a granule. */
  readonly reading: typeof RASTERIO | typeof XARRAY;
}

export const BACKENDS: readonly Backend[] = [
  { name: "rasterio", reading: RASTERIO },
  { name: "xarray", reading: XARRAY },
];
