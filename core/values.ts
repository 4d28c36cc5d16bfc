/** Columns of numbers, as readers give them and statistics take them. */

/** A column of values: float32 where the source fits it without loss, else float64. */
export type Values = Float32Array | Float64Array;
