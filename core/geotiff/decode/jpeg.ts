/** JPEG blocks of TIFF (TIFF technical note 2): streams whose tables stand apart, in the directory. */
import { PHOTOMETRIC } from "../tags.ts";
import type { BlockLayout } from "./layout.ts";
import { forgetDecoder, jpegDecoder, type Picture, webpDecoder } from "./wasm_codecs.ts";

/** Decodes to samples side by side. Throws an Error for damaged bytes and for sizes that are not the block's. */
export async function decodeJpeg(bytes: Uint8Array, layout: BlockLayout): Promise<Uint8Array> {
  const stream = wholeStream(bytes, layout);
  const decode = await jpegDecoder();
  return samplesOf(layout, decoded("jpeg", () => decode(stream)));
}

/** The same of WebP, whose blocks are whole files. */
export async function decodeWebp(bytes: Uint8Array, layout: BlockLayout): Promise<Uint8Array> {
  const { width, height } = webpSize(bytes);
  // Sizes are held against the block's before the decoder takes memory.
  if (width !== layout.width || height < layout.height || height > 2 * layout.height + 16) {
    throw new Error(
      `a WebP picture of ${width} x ${height} in a block of ${layout.width} x ${layout.height}`,
    );
  }
  const decode = await webpDecoder();
  return samplesOf(layout, decoded("webp", () => decode(bytes)));
}

function decoded(name: "jpeg" | "webp", decode: () => Picture | null): Picture {
  let picture: Picture | null;
  try {
    picture = decode();
  } catch (error) {
    forgetDecoder(name);
    throw new Error(`its ${name} stream is damaged`, { cause: error });
  }
  if (picture === null) throw new Error(`its ${name} stream is damaged`);
  return picture;
}

/** Of red, green, blue and alpha those that the file has. */
function samplesOf({ width, height, samples }: BlockLayout, picture: Picture): Uint8Array {
  if (picture.width !== width || picture.height < height) {
    throw new Error(`a picture of ${picture.width} x ${picture.height} in a block of ${width} x ${height}`);
  }
  const cells = width * height;
  const output = new Uint8Array(cells * samples);
  const { data } = picture;
  for (let cell = 0, to = 0; cell < cells; cell++) {
    for (let sample = 0; sample < samples; sample++) output[to++] = data[cell * 4 + sample];
  }
  return output;
}

/**
 * Tables, then the block's own stream. Without a marker of Adobe's the decoder guesses the colours by the
 * numbers of components, which TIFF does not promise: the marker says them.
 */
function wholeStream(bytes: Uint8Array, layout: BlockLayout): Uint8Array {
  if (bytes.length < 4 || bytes[0] !== 0xff || bytes[1] !== 0xd8) {
    throw new Error("its JPEG stream has no start");
  }
  checkFrame(bytes, layout);
  const tables = layout.jpegTables === null ? bytes.subarray(0, 0) : layout.jpegTables.subarray(2, -2);
  const colours = layout.samples === 3 ? adobeMarker(layout.photometric === PHOTOMETRIC.ycbcr) : [];
  const stream = new Uint8Array(bytes.length + tables.length + colours.length);
  stream.set([0xff, 0xd8]);
  stream.set(colours, 2);
  stream.set(tables, 2 + colours.length);
  stream.set(bytes.subarray(2), 2 + colours.length + tables.length);
  return stream;
}

function adobeMarker(luminance: boolean): number[] {
  return [0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, luminance ? 1 : 0];
}

/** The frame's header: what it says of sizes must be the block's. */
function checkFrame(bytes: Uint8Array, { width, height, samples }: BlockLayout): void {
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) break;
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      const precision = bytes[at + 4];
      const rows = bytes[at + 5] << 8 | bytes[at + 6];
      const columns = bytes[at + 7] << 8 | bytes[at + 8];
      const components = bytes[at + 9];
      if (columns !== width || rows < height || rows > 2 * height + 16 || components !== samples) {
        throw new Error(
          `a JPEG picture of ${columns} x ${rows} and ${components} components in a block of ` +
            `${width} x ${height} and ${samples}`,
        );
      }
      if (precision !== 8) throw new Error(`JPEG of ${precision} bits is not read`);
      return;
    }
    at += 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
  }
  throw new Error("its JPEG stream has no frame");
}

function webpSize(bytes: Uint8Array): { width: number; height: number } {
  const text = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 30 || text(0) !== "RIFF" || text(8) !== "WEBP") throw new Error("its WebP has no start");
  switch (text(12)) {
    case "VP8X":
      return {
        width: (view.getUint32(24, true) & 0xffffff) + 1,
        height: (view.getUint32(26, true) >>> 8) + 1,
      };
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: (bits >>> 14 & 0x3fff) + 1 };
    }
    case "VP8 ":
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    default:
      throw new Error("its WebP is of an unknown kind");
  }
}
