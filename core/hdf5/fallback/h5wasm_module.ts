/**
 * libhdf5 compiled to WebAssembly, started once a thread and only when a file needs it. It keeps a file
 * system of its own; a source appears there as a file whose reads call the source.
 */
import { GranaryError } from "../../errors.ts";
import type { SyncSource } from "../../access/source.ts";

type H5wasm = typeof import("h5wasm");

/** The calls of h5wasm that are used here; its published types do not resolve outside its own build. */
interface H5Module {
  readonly HEAPU8: Uint8Array;
  readonly H5F_ACC_RDONLY: number;
  open(path: string, mode: number): bigint;
  close_file(file: bigint): number;
  /** H5G_obj_t, or -1 where there is no such object. */
  get_type(file: bigint, path: string): number;
  get_names(file: bigint, path: string, recursive: boolean): string[];
  get_attribute_names(file: bigint, path: string): string[];
  get_dataset_metadata(file: bigint, path: string): TypeMetadata;
  get_dataset_filters(file: bigint, path: string): { id: number; name: string; cd_values: number[] }[];
  get_dataset_data(
    file: bigint,
    path: string,
    count: bigint[] | null,
    offset: bigint[] | null,
    strides: bigint[] | null,
    pointer: bigint,
  ): number;
  /** The target of a soft link; null for other links. */
  get_symbolic_link(file: bigint, path: string): string | null;
  get_external_link(file: bigint, path: string): { filename?: string; obj_path?: string };
  get_attached_scales(file: bigint, path: string, dimension: number): string[];
  get_referenced_name(file: bigint, reference: Uint8Array, isObject: boolean): string;
  get_attribute_data(file: bigint, path: string, name: string, pointer: bigint): number;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
}

/** What h5wasm says of a dataset's or an attribute's type and space. */
export interface TypeMetadata {
  /** H5T_class_t. */
  type: number;
  size: number;
  signed: boolean;
  littleEndian: boolean;
  shape: number[] | null;
  total_size: number;
  vlen: boolean;
  chunks: number[] | null;
  enum_type?: { type: number };
}

/** What libhdf5 says of a file that cannot be read: EIO of its own errno table. */
const EIO = 29;

/** A running libhdf5. */
export interface Libhdf5 {
  readonly module: H5Module;
  readonly h5wasm: H5wasm;
  /** Makes `source` a file of libhdf5's file system; the returned path is unique in this thread. */
  mount(source: SyncSource): { path: string; unmount(): void };
  /**
   * Runs one call of libhdf5 for the file `name`. A failure becomes a granule error that says what was
   * attempted; a failure of the source passes through as it is. `failed` tells a bad result.
   */
  call<T>(name: string, attempt: string, run: () => T, failed?: (result: T) => boolean): T;
}

let starting: Promise<Libhdf5> | undefined;
let running: Libhdf5 | undefined;

/** Starts libhdf5 in this thread, or gives the one that runs. */
export async function startLibhdf5(): Promise<Libhdf5> {
  starting ??= start();
  running = await starting;
  return running;
}

/** The libhdf5 of this thread, if it was started. */
export function runningLibhdf5(): Libhdf5 | undefined {
  return running;
}

/** The parts of Emscripten's file system that are used here (its types are not exported whole). */
interface FileNode {
  usedBytes: number;
  stream_ops: Record<string, unknown>;
}
interface FileSystem {
  streams: ({ stream_ops: Record<string, unknown> } | null)[];
  ErrnoError: new (errno: number) => Error;
  writeFile(path: string, bytes: Uint8Array): void;
  lookupPath(path: string): { node: FileNode };
  unlink(path: string): void;
}

async function start(): Promise<Libhdf5> {
  const h5wasm = await import("h5wasm");
  const module = await h5wasm.ready as unknown as H5Module & { FS: FileSystem };
  const fs = module.FS;
  let printed = "";
  let sourceError: unknown;
  let stopped: string | undefined;
  let serial = 0;

  // libhdf5 prints its error stack to stderr; it is kept for the message instead. (Its throwing error
  // handler would unwind through libhdf5 and leave identifiers open.)
  const stderr = fs.streams[2]!;
  const decoder = new TextDecoder();
  stderr.stream_ops = {
    ...stderr.stream_ops,
    write(_stream: unknown, buffer: Uint8Array, offset: number, length: number): number {
      printed = (printed + decoder.decode(bytesOf(buffer, offset, length))).slice(-16_384);
      return length;
    },
  };

  return {
    module,
    h5wasm,
    mount(source) {
      const path = `/source-${serial++}.h5`;
      fs.writeFile(path, new Uint8Array(0));
      const { node } = fs.lookupPath(path);
      node.usedBytes = source.sizeBytes;
      node.stream_ops = {
        ...node.stream_ops,
        read(_stream: unknown, buffer: Uint8Array, offset: number, length: number, position: number): number {
          const wanted = Math.max(0, Math.min(length, source.sizeBytes - position));
          if (wanted === 0) return 0;
          try {
            bytesOf(buffer, offset, wanted).set(source.read(position, wanted));
          } catch (error) {
            sourceError ??= error;
            throw new fs.ErrnoError(EIO);
          }
          return wanted;
        },
        write(): number {
          throw new fs.ErrnoError(EIO);
        },
      };
      return { path, unmount: () => fs.unlink(path) };
    },
    call(name, attempt, run, failed) {
      if (stopped !== undefined) {
        throw granuleError(
          name,
          attempt,
          `libhdf5 stopped at damaged bytes of ${stopped} (run again without it)`,
        );
      }
      printed = "";
      sourceError = undefined;
      let result: ReturnType<typeof run>;
      try {
        result = run();
      } catch (error) {
        if (sourceError !== undefined) throw sourceError;
        if (error instanceof WebAssembly.RuntimeError) stopped = name;
        throw granuleError(
          name,
          attempt,
          reason(printed) ?? String((error as Error)?.message ?? error),
          error,
        );
      }
      if (sourceError !== undefined) throw sourceError;
      if (failed?.(result)) throw granuleError(name, attempt, reason(printed) ?? "libhdf5 gave no reason");
      return result;
    },
  };
}

/** A view of wasm memory as unsigned bytes (Emscripten hands out its signed view). */
function bytesOf(buffer: ArrayBufferView, offset: number, length: number): Uint8Array {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset + offset, length);
}

/** The deepest line of a printed HDF5 error stack: where it began. */
function reason(printed: string): string | undefined {
  let deepest: string | undefined;
  for (const match of printed.matchAll(/#\d+: .* in \w+\(\): (.+)/g)) deepest = match[1];
  return deepest?.trim();
}

function granuleError(name: string, attempt: string, why: string, cause?: unknown): GranaryError {
  return new GranaryError(
    "granule",
    `${name}: libhdf5 cannot ${attempt}: ${why} (the file is damaged or of an unknown kind; fetch it again)`,
    { details: { name, attempt, why }, ...(cause === undefined ? {} : { cause }) },
  );
}
