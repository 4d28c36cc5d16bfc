/** WebAssembly files of packages: beside their package on disk, embedded in the binary. */
import { fileURLToPath } from "node:url";

/**
 * The path of a package's file, `lerc/lerc-wasm.wasm`. The name stands as a text between the brackets of the
 * call, in a module whose file name begins `wasm_`: the build (`scripts/wasm_plugin.ts`) puts the path of the
 * embedded file in the call's place.
 */
export function wasmFile(name: string): string {
  return fileURLToPath(import.meta.resolve(name));
}
