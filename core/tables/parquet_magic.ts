/** What a Parquet file begins and ends with. */
export const PARQUET_MAGIC = "PAR1";
