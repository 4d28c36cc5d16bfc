/** What a file's name says of a granule, for files that do not say it themselves. */

interface NamedGranule {
  /** `ATL06.006`, or null when the name has no known form. */
  collection: string | null;
  /** Milliseconds since 1970 UTC. */
  start: number | null;
  /** The end of the time that the name states, its last millisecond; null where it states a start alone. */
  end: number | null;
}

/** `ATL06_20190416093911_02770303_002_01.h5`, also behind the prefix of a subsetter; of sea ice `ATL07-01_…`. */
const ICESAT2 = /(ATL\d{2}[A-Z]?)(?:-\d{2})?_(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})_\d{8}_(\d{3})_\d{2}/;

/** `GEDI02_A_2019162222610_O02812_04_T01244_02_003_01_V002.h5`: year, day of year, time. */
const GEDI = /(GEDI\d{2}_[A-Z])_(\d{4})(\d{3})(\d{2})(\d{2})(\d{2})_.*_V(\d{3})/;

const DAY = 86_400_000;

/** `OMI-Aura_L3-OMTO3d_2016m0331_v003-2016m0402t051523.he5`: a day. */
const OMI = /OMI-Aura_L3-(OM[A-Za-z0-9]+)_(\d{4})m(\d{2})(\d{2})_v(\d{3})/;

/** `3B-HHR.MS.MRG.3IMERG.20200101-S000000-E002959.0000.V06B.HDF5`: half an hour, a day or a month. */
const IMERG =
  /3B-(HHR|DAY|MO)\.MS\.MRG\.3IMERG\.(\d{4})(\d{2})(\d{2})-S(\d{2})(\d{2})(\d{2})-E(\d{2})(\d{2})(\d{2})\.\d+\.V(\d{2})[A-Z]/;
const IMERG_PRODUCTS = { HHR: "GPM_3IMERGHH", DAY: "GPM_3IMERGDF", MO: "GPM_3IMERGM" } as const;

/** `MERRA2_400.tavg1_2d_slv_Nx.20210107.nc4`: a day, or a month by six digits. */
const MERRA2 = /MERRA2_\d{3}\.(tavg1|tavgM)_2d_slv_Nx\.(\d{4})(\d{2})(\d{2})?\./;
const MERRA2_PRODUCTS = { tavg1: "M2T1NXSLV.5.12.4", tavgM: "M2TMNXSLV.5.12.4" } as const;

/** `20190701090000-JPL-L4_GHRSST-SSTfnd-MUR-GLOB-v02.0-fv04.1.nc`: the time of the analysis. */
const MUR = /(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})-JPL-L4_GHRSST-SSTfnd-MUR-GLOB-v02\.0-fv04\.1/;

/** `HLS.S30.T10TEK.2020273T190109.v2.0.Fmask.tif`: year, day of year, time. */
const HLS = /HLS\.([LS]30)\.T[0-9A-Z]{5}\.(\d{4})(\d{3})T(\d{2})(\d{2})(\d{2})\.v(\d\.\d)/;

/** Reads a file's name by the conventions of its product. */
export function granuleFromName(fileName: string): NamedGranule {
  const icesat2 = ICESAT2.exec(fileName);
  if (icesat2) {
    const [, product, ...numbers] = icesat2;
    const [year, month, day, hour, minute, second] = numbers.map(Number);
    return {
      collection: `${product}.${numbers[6]}`,
      start: Date.UTC(year, month - 1, day, hour, minute, second),
      end: null,
    };
  }
  const gedi = GEDI.exec(fileName);
  if (gedi) {
    const [, product, year, dayOfYear, hour, minute, second, version] = gedi;
    return {
      collection: `${product}.${version}`,
      start: Date.UTC(Number(year), 0, Number(dayOfYear), Number(hour), Number(minute), Number(second)),
      end: null,
    };
  }
  return griddedFromName(fileName);
}

function griddedFromName(fileName: string): NamedGranule {
  const omi = OMI.exec(fileName);
  if (omi) {
    const start = Date.UTC(Number(omi[2]), Number(omi[3]) - 1, Number(omi[4]));
    return { collection: `${omi[1]}.${omi[5]}`, start, end: start + DAY - 1 };
  }
  const imerg = IMERG.exec(fileName);
  if (imerg) {
    const kind = imerg[1] as keyof typeof IMERG_PRODUCTS;
    const [year, month, day, h0, m0, s0, h1, m1, s1] = imerg.slice(2, 11).map(Number);
    // The end of a monthly file's name is the time of day alone: of the month's last day.
    const last = kind === "MO" ? new Date(Date.UTC(year, month, 0)).getUTCDate() : day;
    return {
      collection: `${IMERG_PRODUCTS[kind]}.${imerg[11]}`,
      start: Date.UTC(year, month - 1, day, h0, m0, s0),
      end: Date.UTC(year, month - 1, last, h1, m1, s1) + 999,
    };
  }
  const merra = MERRA2.exec(fileName);
  if (merra) {
    const [year, month] = [Number(merra[2]), Number(merra[3])];
    const daily = merra[4] !== undefined;
    const start = Date.UTC(year, month - 1, daily ? Number(merra[4]) : 1);
    return {
      collection: MERRA2_PRODUCTS[merra[1] as keyof typeof MERRA2_PRODUCTS],
      start,
      end: daily ? start + DAY - 1 : Date.UTC(year, month, 1) - 1,
    };
  }
  const mur = MUR.exec(fileName);
  if (mur) {
    const [year, month, day, hour, minute, second] = mur.slice(1).map(Number);
    const start = Date.UTC(year, month - 1, day, hour, minute, second);
    return { collection: "MUR-JPL-L4-GLOB-v4.1.4.1", start, end: null };
  }
  const hls = HLS.exec(fileName);
  if (hls) {
    const [year, dayOfYear, hour, minute, second] = hls.slice(2, 7).map(Number);
    const start = Date.UTC(year, 0, dayOfYear, hour, minute, second);
    return { collection: `HLS${hls[1]}.${hls[7]}`, start, end: null };
  }
  return { collection: null, start: null, end: null };
}
