/**
 * The one place that loads the decoders in WebAssembly: JPEG, WebP and LERC. Each is started from its bytes,
 * which works in Deno, in Bun and inside the compiled binary.
 */
import fs from "node:fs";
import { wasmFile } from "../../files/wasm_file.ts";

/** Eight bits of red, green, blue and alpha for each cell. */
export interface Picture {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** Decodes a picture; null or a throw where the bytes are damaged. */
type PictureDecoder = (bytes: Uint8Array) => Picture | null;

type Lerc = typeof import("lerc");

interface Factory {
  (
    options: Record<string, unknown>,
  ): Promise<{ decode(bytes: Uint8Array, ...options: boolean[]): Picture | null }>;
}

const modules = new Map<string, WebAssembly.Module>();
const decoders = new Map<string, Promise<PictureDecoder>>();
let lerc: Promise<Lerc> | undefined;

/** A decoder of this thread, started when first used. */
export function jpegDecoder(): Promise<PictureDecoder> {
  return decoder("jpeg", async () => {
    const { default: factory } = await import("@jsquash/jpeg/codec/dec/mozjpeg_dec.js");
    const file = wasmFile("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm");
    // The option leaves a picture unturned, whatever it says of a camera.
    return instance("jpeg", factory as unknown as Factory, file, [true]);
  });
}

export function webpDecoder(): Promise<PictureDecoder> {
  return decoder("webp", async () => {
    const { default: factory } = await import("@jsquash/webp/codec/dec/webp_dec.js");
    const file = wasmFile("@jsquash/webp/codec/dec/webp_dec.wasm");
    return instance("webp", factory as unknown as Factory, file, []);
  });
}

/** A decoder that met damaged bytes may be left in a state of its own: the next block gets a new one. */
export function forgetDecoder(name: "jpeg" | "webp"): void {
  decoders.delete(name);
}

export function lercDecoder(): Promise<Lerc> {
  lerc ??= (async () => {
    const library = await import("lerc");
    const file = wasmFile("lerc/lerc-wasm.wasm");
    await library.load({ locateFile: () => file });
    return library;
  })();
  return lerc;
}

function decoder(name: string, start: () => Promise<PictureDecoder>): Promise<PictureDecoder> {
  let found = decoders.get(name);
  if (found === undefined) {
    found = start();
    decoders.set(name, found);
  }
  return found;
}

async function instance(
  name: string,
  factory: Factory,
  file: string,
  options: readonly boolean[],
): Promise<PictureDecoder> {
  let module = modules.get(name);
  if (module === undefined) {
    module = new WebAssembly.Module(fs.readFileSync(file));
    modules.set(name, module);
  }
  const compiled = module;
  const started = await factory({
    noInitialRun: true,
    // What a codec prints of damaged bytes is said by our own error.
    print: () => {},
    printErr: () => {},
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
      const made = new WebAssembly.Instance(compiled, imports);
      done(made);
      return made.exports;
    },
  });
  return (bytes) => started.decode(bytes, ...options);
}
