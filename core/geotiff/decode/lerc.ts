/** LERC blocks (Limited Error Raster Compression, Esri), as libtiff packs them. */
import { NUMBER_ARRAYS } from "../../element_types.ts";
import type { GridDtype, GridValues } from "../../raster/grid.ts";
import type { BlockLayout } from "./layout.ts";
import { lercDecoder } from "./wasm_codecs.ts";

/** LERC's names of element types. */
const TYPES: Readonly<Record<GridDtype, string>> = {
  int8: "S8",
  uint8: "U8",
  int16: "S16",
  uint16: "U16",
  int32: "S32",
  uint32: "U32",
  float32: "F32",
  float64: "F64",
};

/**
 * Decodes to samples side by side. Cells that LERC leaves out are NaN in floating point and 0 in others.
 * Throws an Error for damaged bytes, and for sizes or a type that are not the block's.
 */
export async function decodeLerc(bytes: Uint8Array, layout: BlockLayout): Promise<GridValues> {
  const { width, height, samples, dtype } = layout;
  const lerc = await lercDecoder();
  const said = described(() => lerc.getBlobInfo(bytes));
  const count = said.depthCount * said.bandCount;
  if (said.width !== width || said.height !== height || count !== samples) {
    throw new Error(
      `a LERC block of ${said.width} x ${said.height} and ${count} bands in one of ${width} x ${height} ` +
        `and ${samples}`,
    );
  }
  const { pixels, pixelType, mask, bandMasks } = described(() =>
    lerc.decode(bytes, { returnInterleaved: true })
  );
  if (pixelType !== TYPES[dtype]) throw new Error(`LERC values of type ${pixelType} where ${dtype} stands`);
  const output = new NUMBER_ARRAYS[dtype](width * height * samples);
  const perBand = output.length / pixels.length;
  pixels.forEach((values, band) => {
    if (values.length !== perBand) throw new Error(`LERC gave ${values.length} of ${perBand} values`);
    if (pixels.length === 1) output.set(values);
    else for (let i = 0, to = band; i < perBand; i++, to += pixels.length) output[to] = values[i];
  });
  if (dtype === "float32" || dtype === "float64") {
    for (let i = 0; i < output.length; i++) {
      const valid = bandMasks === null ? mask : bandMasks[i % pixels.length];
      if (valid !== null && valid[Math.floor(i / samples)] === 0) output[i] = NaN;
    }
  }
  return output;
}

/** The library throws texts and errors of its own for damaged bytes. */
function described<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(`its LERC is damaged (${error instanceof Error ? error.message : String(error)})`);
  }
}
