/** What a file's name says of a granule, for files that do not say it themselves. */

interface NamedGranule {
  /** `ATL06.006`, or null when the name has no known form. */
  collection: string | null;
  /** Milliseconds since 1970 UTC. */
  start: number | null;
}

/** `ATL06_20190416093911_02770303_002_01.h5`, also behind the prefix of a subsetter. */
const ICESAT2 = /(ATL\d{2}[A-Z]?)_(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})_\d{8}_(\d{3})_\d{2}/;

/** `GEDI02_A_2019162222610_O02812_04_T01244_02_003_01_V002.h5`: year, day of year, time. */
const GEDI = /(GEDI\d{2}_[A-Z])_(\d{4})(\d{3})(\d{2})(\d{2})(\d{2})_.*_V(\d{3})/;

/** Reads a file's name by the conventions of ICESat-2 and GEDI. */
export function granuleFromName(fileName: string): NamedGranule {
  const icesat2 = ICESAT2.exec(fileName);
  if (icesat2) {
    const [, product, ...numbers] = icesat2;
    const [year, month, day, hour, minute, second] = numbers.map(Number);
    return {
      collection: `${product}.${numbers[6]}`,
      start: Date.UTC(year, month - 1, day, hour, minute, second),
    };
  }
  const gedi = GEDI.exec(fileName);
  if (gedi) {
    const [, product, year, dayOfYear, hour, minute, second, version] = gedi;
    return {
      collection: `${product}.${version}`,
      start: Date.UTC(Number(year), 0, Number(dayOfYear), Number(hour), Number(minute), Number(second)),
    };
  }
  return { collection: null, start: null };
}
