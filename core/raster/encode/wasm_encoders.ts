/** The one place that loads the encoders in WebAssembly: JPEG and WebP, started from their bytes. */
import fs from "node:fs";
import { wasmFile } from "../../files/wasm_file.ts";

/** Encodes four bytes a pixel, or null where the encoder gives up. */
type PictureEncoder = (
  rgba: Uint8Array,
  width: number,
  height: number,
  options: object,
) => Uint8Array | null;

interface Factory {
  (options: Record<string, unknown>): Promise<{ encode: PictureEncoder }>;
}

const encoders = new Map<string, Promise<PictureEncoder>>();

/** An encoder of this thread, started when first used. */
export function jpegEncoder(): Promise<PictureEncoder> {
  return encoder("jpeg", async () => {
    const { default: factory } = await import("@jsquash/jpeg/codec/enc/mozjpeg_enc.js");
    return start(factory as unknown as Factory, wasmFile("@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm"));
  });
}

export function webpEncoder(): Promise<PictureEncoder> {
  return encoder("webp", async () => {
    const { default: factory } = await import("@jsquash/webp/codec/enc/webp_enc_simd.js");
    return start(factory as unknown as Factory, wasmFile("@jsquash/webp/codec/enc/webp_enc_simd.wasm"));
  });
}

function encoder(name: string, make: () => Promise<PictureEncoder>): Promise<PictureEncoder> {
  let found = encoders.get(name);
  if (found === undefined) {
    found = make();
    encoders.set(name, found);
  }
  return found;
}

async function start(factory: Factory, file: string): Promise<PictureEncoder> {
  const module = new WebAssembly.Module(fs.readFileSync(file));
  const started = await factory({
    noInitialRun: true,
    print: () => {},
    printErr: () => {},
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
      const instance = new WebAssembly.Instance(module, imports);
      done(instance);
      return instance.exports;
    },
  });
  return (rgba, width, height, options) => started.encode(rgba, width, height, options);
}
