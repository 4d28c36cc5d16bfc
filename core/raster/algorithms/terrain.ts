/** Algorithms on heights: shading, slope, contours, and heights as colours that clients decode. */
import { namedColormap } from "../colour/colormaps.ts";
import type { GridValues } from "../grid.ts";
import type { Pixels } from "../pixels.ts";
import type { Algorithm, AlgorithmParameter, AlgorithmValues } from "./algorithm.ts";

const RADIANS = Math.PI / 180;

const integer = (
  value: number,
  minimum: number,
  maximum: number,
  description: string,
): AlgorithmParameter => ({
  type: "integer",
  default: value,
  minimum,
  maximum,
  description,
});
const number = (
  value: number | null,
  minimum: number,
  maximum: number,
  description: string,
): AlgorithmParameter => ({ type: "number", default: value, minimum, maximum, description });

const BUFFER = integer(3, 0, 99, "Pixels that are cut from each side, which lack neighbours.");
const EXAGGERATION = number(1, 1e-6, 1e6, "What heights are multiplied by.");
const NODATA_HEIGHT = number(
  null,
  -99_999,
  99_999,
  "The height of pixels without one; without it they are empty.",
);

/** The value of a parameter that has a default. */
function of(parameters: AlgorithmValues, name: string): number {
  const value = parameters[name];
  if (value === null || value === undefined) throw new RangeError(`${name} is missing`);
  return value;
}

/**
 * Differences along rows and columns as numpy.gradient has them: of both neighbours in the middle, of one at the
 * edges. A pixel without one of them, or without a value, is empty. `at` gives the result's value.
 */
function fromGradient(
  { width, height, bands: [values], masks: [mask] }: Pixels,
  margin: number,
  at: (alongColumns: number, alongRows: number) => number,
  make: (length: number) => Uint8Array | Float32Array,
): Pixels {
  const [columns, rows] = [width - 2 * margin, height - 2 * margin];
  if (width < 2 || height < 2 || columns < 1 || rows < 1) {
    throw new RangeError(`an image of ${width} x ${height} pixels is too small for a buffer of ${margin}`);
  }
  const out = make(columns * rows);
  const valid = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const y = row + margin;
    const [up, down] = [Math.max(0, y - 1), Math.min(height - 1, y + 1)];
    for (let column = 0; column < columns; column++) {
      const x = column + margin;
      const [left, right] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)];
      const places = [y * width + x, up * width + x, down * width + x, y * width + left, y * width + right];
      if (places.some((place) => mask[place] === 0)) continue;
      const i = row * columns + column;
      valid[i] = 1;
      out[i] = at(
        (values[places[2]] - values[places[1]]) / (down - up),
        (values[places[4]] - values[places[3]]) / (right - left),
      );
    }
  }
  return { width: columns, height: rows, bands: [out], masks: [valid] };
}

export const HILLSHADE: Algorithm = {
  title: "Hillshade",
  description: "Brightness of heights under a light, from 0 to 255.",
  inputBands: 1,
  outputBands: 1,
  outputDtype: "uint8",
  outputRange: null,
  parameters: {
    azimuth: integer(45, 0, 360, "Where the light stands, in degrees."),
    angle_altitude: number(45, -90, 90, "How high the light stands, in degrees."),
    buffer: BUFFER,
    z_exaggeration: EXAGGERATION,
  },
  apply(pixels, parameters) {
    const altitude = of(parameters, "angle_altitude") * RADIANS;
    const azimuth = (360 - of(parameters, "azimuth")) * RADIANS;
    const [exaggeration, margin] = [of(parameters, "z_exaggeration"), of(parameters, "buffer")];
    const shade = (down: number, right: number) => {
      const [x, y] = [down * exaggeration, right * exaggeration];
      const slope = Math.PI / 2 - Math.atan(Math.sqrt(x * x + y * y));
      const aspect = Math.atan2(-x, y);
      const shaded = Math.sin(altitude) * Math.sin(slope) +
        Math.cos(altitude) * Math.cos(slope) * Math.cos(azimuth - aspect);
      return Math.max(0, 255 * (shaded + 1) / 2);
    };
    const made = fromGradient(pixels, margin, shade, (length) => new Uint8Array(length));
    return { pixels: made, names: ["hillshade"], margin };
  },
};

export const SLOPE: Algorithm = {
  title: "Slope",
  description: "Degrees of slope of heights in the units of pixels.",
  inputBands: 1,
  outputBands: 1,
  outputDtype: "float32",
  outputRange: [0, 90],
  parameters: { buffer: BUFFER, z_exaggeration: EXAGGERATION },
  apply(pixels, parameters, cell) {
    const [exaggeration, margin] = [of(parameters, "z_exaggeration"), of(parameters, "buffer")];
    const slope = (down: number, right: number) =>
      Math.atan(Math.hypot(down * exaggeration / cell.height, right * exaggeration / cell.width)) / RADIANS;
    const made = fromGradient(pixels, margin, slope, (length) => new Float32Array(length));
    return { pixels: made, names: ["slope"], margin };
  },
};

export const CONTOURS: Algorithm = {
  title: "Contours",
  description: "Heights in the colours of terrain, with black lines at equal steps.",
  inputBands: 1,
  outputBands: 3,
  outputDtype: "uint8",
  outputRange: null,
  parameters: {
    increment: integer(35, 0, 999, "Height from line to line."),
    thickness: integer(1, 0, 10, "Height that a line covers."),
    minz: integer(-12_000, -99_999, 99_999, "The height of the first colour."),
    maxz: integer(8000, -99_999, 99_999, "The height of the last colour."),
  },
  apply(pixels, parameters) {
    const [low, high] = [of(parameters, "minz"), of(parameters, "maxz")];
    const [increment, thickness] = [of(parameters, "increment"), of(parameters, "thickness")];
    if (!(low < high)) throw new RangeError(`minz ${low} is not less than maxz ${high}`);
    const colours = namedColormap("terrain");
    const bands = [0, 1, 2].map((channel) =>
      Uint8Array.from(pixels.bands[0], (value) => {
        const rest = value % increment;
        if ((rest < 0 ? rest + increment : rest) < thickness) return 0;
        const place = (Math.min(high, Math.max(low, value)) - low) / (high - low) * 254 + 1;
        return colours[3 * Math.floor(place) + channel];
      })
    );
    return asColours(pixels, bands, pixels.masks[0], "contours");
  },
};

export const TERRARIUM: Algorithm = {
  title: "Terrarium",
  description: "Heights as colours: red * 256 + green + blue / 256 - 32768.",
  inputBands: 1,
  outputBands: 3,
  outputDtype: "uint8",
  outputRange: null,
  parameters: { nodata_height: NODATA_HEIGHT },
  apply(pixels, { nodata_height: height = null }) {
    const single = pixels.bands[0] instanceof Float32Array;
    const code = (value: number) => {
      const shifted = single ? Math.fround(value + 32_768) : value + 32_768;
      return Math.min(65_535, Math.max(0, shifted));
    };
    const { values, mask } = filled(pixels, height);
    const codes = Float64Array.from(values, code);
    const bands = [
      Uint8Array.from(codes, (one) => one / 256),
      Uint8Array.from(codes, (one) => one % 256),
      Uint8Array.from(codes, (one) => one * 256 % 256),
    ];
    return asColours(pixels, bands, mask, "terrarium");
  },
};

export const TERRAIN_RGB: Algorithm = {
  title: "TerrainRGB",
  description: "Heights as colours: baseval + (red * 65536 + green * 256 + blue) * interval.",
  inputBands: 1,
  outputBands: 3,
  outputDtype: "uint8",
  outputRange: null,
  parameters: {
    interval: number(0.1, 0, 1, "Height from colour to colour."),
    baseval: number(-10_000, -99_999, 99_999, "The height of black."),
    nodata_height: NODATA_HEIGHT,
  },
  apply(pixels, parameters) {
    const [interval, base] = [of(parameters, "interval"), of(parameters, "baseval")];
    if (!(interval > 0)) throw new RangeError("the interval is 0");
    const { values, mask } = filled(pixels, parameters.nodata_height ?? null);
    const codes = Float64Array.from(values, (value) => halfToEven((value - base) / interval));
    let [least, most] = [Infinity, -Infinity];
    for (let i = 0; i < codes.length; i++) {
      if (mask[i] === 0) continue;
      least = Math.min(least, codes[i]);
      most = Math.max(most, codes[i]);
    }
    if (most - least > 256 ** 3) throw new RangeError("the heights differ by more than three bytes tell");
    const bands = [16, 8, 0].map((shift) => Uint8Array.from(codes, (one) => one >> shift & 255));
    return asColours(pixels, bands, mask, "terrain");
  },
};

/** As numpy rounds. */
function halfToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** The first band, with `height` where it has no value. */
function filled({ bands: [band], masks: [mask] }: Pixels, height: number | null) {
  if (height === null) return { values: band as GridValues, mask };
  return {
    values: Float64Array.from(band, (value, i) => mask[i] === 0 ? height : value),
    mask: new Uint8Array(mask.length).fill(1),
  };
}

function asColours({ width, height }: Pixels, bands: Uint8Array[], mask: Uint8Array, name: string) {
  const names = ["r", "g", "b"].map((channel) => `${name}_${channel}`);
  return { pixels: { width, height, bands, masks: [mask, mask, mask] }, names, margin: 0 };
}
