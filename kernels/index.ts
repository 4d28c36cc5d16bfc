/**
 * The loops over cells and bytes that take most of a conversion, in AssemblyScript, with WebAssembly's vectors of 16
 * bytes. `scripts/build_kernels.ts` compiles them to `core/kernels/code.ts`. All arguments that name places are bytes
 * of the memory, which the program makes and lays out (core/kernels/memory.ts).
 */
export { adler32 } from "./adler32";
export { assignCells } from "./assign_track";
export {
  averageInt16,
  averageInt32,
  averageInt8,
  averageUint16,
  averageUint32,
  averageUint8,
} from "./average_cells";
export { averageFloats } from "./average_floats";
export { copyRows } from "./copy_rows";
export { eraseFloat32, eraseFloat64 } from "./erase_values";
export { countFloats } from "./count_floats";
export { groupHalves, groupWords } from "./group_rows";
export { gather4, gather8, gatherHalves, keepRows, markFloat32, markFloat64, passBytes } from "./keep_rows";
export { extremeCells, squaresCells, sumCells } from "./reduce_cells";
export { addRows, divideRows, multiplyRows, subtractRows } from "./row_arithmetic";
export { selectRanks } from "./select_ranks";
export { interleaveMask } from "./interleave_bytes";
export { nearestCells } from "./nearest_cells";
export { scaleNumbers, scaleToBytes } from "./scale_values";
export { PACK_BYTES, packCells } from "./pack_cells";
export { repeatedBytes } from "./repeated_bytes";
export { splitFloats } from "./split_floats";
export { sumFloats } from "./sum_floats";
export { takeFloat32, takeFloat64 } from "./take_rows";
