/**
 * What a file's name says of its processing: products write one name for an observation and count up its
 * reprocessings in it, and subsetters put their own words before or behind it. So two names can say that
 * their files hold the same observations.
 */

/** A name taken apart. */
interface ProcessedName {
  /** Equal for files of the same observations, of one version of the product. */
  observation: string;
  /** Compares reprocessings: a later one is greater, part by part. */
  processing: string[];
  /**
   * The words around the producer's name, with `*` in its place, where a subsetter or another service made the
   * file of a whole one: `processed_*`. Null for the producer's own.
   */
  derived: string | null;
}

/**
 * Each names its parts `observation` and `processing`; what stands before and behind is no part of the
 * producer's name. A version of the product belongs to the observation.
 */
const FORMS: readonly RegExp[] = [
  // ICESat-2: ATL06_20190416093911_02770303_006_01, ATL15_AA_0325_10km_006_01; the last number counts.
  /(?<observation>ATL\d{2}[A-Z]{0,2}_[0-9A-Za-z_]*?\d{3})_(?<processing>\d{2})(?![0-9A-Za-z])/,
  // GEDI: …_T03909_02_003_01_V002: type of positions, program, production; the release ends the name.
  /(?<observation>GEDI\d{2}_[A-Z]_\d{13}_O\d{5}_\d{2}_T\d{5})_(?<processing>\d{2}_\d{3}_\d{2})_(?<release>V\d{3})/,
  // MODIS and VIIRS: MOD09GA.A2019001.h08v05.061.2019003123456: the time of production.
  /(?<observation>\w+\.A\d{7}(?:\.\w+)*?\.\d{3})\.(?<processing>\d{13})/,
  // OMI, MLS and TROPOMI at GES DISC: …_2016m0331_v003-2016m0402t123456: the time of production.
  /(?<observation>[\w-]+_\d{4}m\d{4}(?:t\d{4})?(?:-o\d+)?_v\d{3})-(?<processing>\d{4}m\d{4}t\d{6})/,
  // OCO-2 and OCO-3: oco2_LtCO2_190101_B11100Ar_230524232411s: the time of production.
  /(?<observation>oco[23]_\w+?_\d{5,6}a?(?:_\d{6})?_B\d{5}\w*)_(?<processing>\d{12})s?/,
  // SWOT: …_20230721T103015_PIC0_01: the counter of a processing by one configuration.
  /(?<observation>SWOT_\w+_\d{8}T\d{6}_\d{8}T\d{6}_[A-Z0-9]{4})_(?<processing>\d{2})/,
];

/** Takes a file's name (its ending and folders do not matter) apart; undefined where no form is known. */
export function processedName(name: string): ProcessedName | undefined {
  const stem = name.slice(name.lastIndexOf("/") + 1).replace(/(?:\.[A-Za-z][A-Za-z0-9]{0,4})+$/, "");
  for (const form of FORMS) {
    const match = form.exec(stem);
    if (match === null) continue;
    const { observation, processing, release } = match.groups as Record<string, string>;
    return {
      observation: release === undefined ? observation : `${observation}_${release}`,
      processing: processing.split("_"),
      derived: match[0].length === stem.length ? null : stem.replace(match[0], "*"),
    };
  }
  return undefined;
}

/** Below 0 where `a` is the earlier processing. Parts are digits of one width, or of one form. */
export function compareProcessings(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return a.length - b.length;
}
