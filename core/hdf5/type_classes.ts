/** Names of HDF5's classes of datatypes, by their number in files and in libhdf5 (H5T_class_t). */
export const TYPE_CLASSES = [
  "integer",
  "float",
  "time",
  "string",
  "bitfield",
  "opaque",
  "compound",
  "reference",
  "enum",
  "vlen",
  "array",
];
