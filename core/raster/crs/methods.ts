/**
 * Projection methods by the names of three dialects: proj4's, the EPSG dataset's (WKT 2, PROJJSON), and what
 * WKT 1 of GDAL and of ESRI calls them.
 */

/** What a projection parameter is, apart from its name. */
export type Role =
  | "latitude"
  | "longitude"
  | "parallel1"
  | "parallel2"
  | "scale"
  | "easting"
  | "northing"
  | "azimuth"
  | "skew"
  | "height";

export interface MethodParameter {
  readonly role: Role;
  /** Proj4's name. */
  readonly key: string;
  /** The EPSG dataset's name and number. */
  readonly name: string;
  readonly id: number;
}

export interface Method {
  /** Proj4's name. */
  readonly projection: string;
  /** The EPSG dataset's name; its number, 0 where it has none. */
  readonly name: string;
  readonly id: number;
  /** Further names, as {@linkcode plainName} gives them. */
  readonly also: readonly string[];
  readonly parameters: readonly MethodParameter[];
  /** Fixed parts of the definition. */
  readonly fixed?: readonly (readonly [string, string])[];
}

const of = (role: Role, key: string, name: string, id: number): MethodParameter => ({ role, key, name, id });

const LATITUDE = of("latitude", "lat_0", "Latitude of natural origin", 8801);
const LONGITUDE = of("longitude", "lon_0", "Longitude of natural origin", 8802);
const SCALE = of("scale", "k_0", "Scale factor at natural origin", 8805);
const EASTING = of("easting", "x_0", "False easting", 8806);
const NORTHING = of("northing", "y_0", "False northing", 8807);
const NATURAL = [LATITUDE, LONGITUDE, EASTING, NORTHING];
const NATURAL_SCALED = [LATITUDE, LONGITUDE, SCALE, EASTING, NORTHING];
const MERIDIAN = [LONGITUDE, EASTING, NORTHING];
const PARALLEL_1 = of("parallel1", "lat_1", "Latitude of 1st standard parallel", 8823);
const PARALLEL_2 = of("parallel2", "lat_2", "Latitude of 2nd standard parallel", 8824);
const TRUE_SCALE = of("parallel1", "lat_ts", "Latitude of 1st standard parallel", 8823);
const CONIC = [
  of("latitude", "lat_0", "Latitude of false origin", 8821),
  of("longitude", "lon_0", "Longitude of false origin", 8822),
  PARALLEL_1,
  PARALLEL_2,
  of("easting", "x_0", "Easting at false origin", 8826),
  of("northing", "y_0", "Northing at false origin", 8827),
];
const OBLIQUE = [
  of("latitude", "lat_0", "Latitude of projection centre", 8811),
  of("longitude", "lonc", "Longitude of projection centre", 8812),
  of("azimuth", "alpha", "Azimuth at projection centre", 8813),
  of("skew", "gamma", "Angle from Rectified to Skew Grid", 8814),
  of("scale", "k_0", "Scale factor at projection centre", 8815),
  of("easting", "x_0", "Easting at projection centre", 8816),
  of("northing", "y_0", "Northing at projection centre", 8817),
];

const method = (
  projection: string,
  name: string,
  id: number,
  parameters: readonly MethodParameter[],
  also: string,
  fixed?: Method["fixed"],
): Method => ({
  projection,
  name,
  id,
  parameters,
  also: also === "" ? [] : also.split(" "),
  ...(fixed === undefined ? {} : { fixed }),
});

const GEOSTATIONARY = [LONGITUDE, of("height", "h", "Satellite Height", 0), EASTING, NORTHING];

/** Of methods that share a name the first counts; of those that share proj4's, the first that fits. */
export const METHODS: readonly Method[] = [
  method("tmerc", "Transverse Mercator", 9807, NATURAL_SCALED, "gausskruger gausskrueger"),
  method(
    "lcc",
    "Lambert Conic Conformal (2SP)",
    9802,
    CONIC,
    "lambertconformalconic2sp lambertconformalconic",
  ),
  method("lcc", "Lambert Conic Conformal (1SP)", 9801, NATURAL_SCALED, "lambertconformalconic1sp"),
  method("aea", "Albers Equal Area", 9822, CONIC, "albers albersconicequalarea"),
  method("eqdc", "Equidistant Conic", 1119, CONIC, ""),
  method("laea", "Lambert Azimuthal Equal Area", 9820, NATURAL, "lambertazimuthalequalareaspherical"),
  method(
    "cea",
    "Lambert Cylindrical Equal Area",
    9835,
    [TRUE_SCALE, ...MERIDIAN],
    "cylindricalequalarea lambertcylindricalequalareaspherical behrmann",
  ),
  method(
    "stere",
    "Polar Stereographic (variant B)",
    9829,
    [
      of("parallel1", "lat_ts", "Latitude of standard parallel", 8832),
      of("longitude", "lon_0", "Longitude of origin", 8833),
      EASTING,
      NORTHING,
    ],
    "polarstereographic stereographicnorthpole stereographicsouthpole polarstereographicvariantb",
  ),
  method("stere", "Polar Stereographic (variant A)", 9810, NATURAL_SCALED, "polarstereographicvarianta"),
  method("stere", "Stereographic", 0, NATURAL_SCALED, ""),
  method("sterea", "Oblique Stereographic", 9809, NATURAL_SCALED, "doublestereographic"),
  method("merc", "Mercator (variant B)", 9805, [TRUE_SCALE, ...MERIDIAN], "mercator2sp mercator"),
  method("merc", "Mercator (variant A)", 9804, NATURAL_SCALED, "mercator1sp mercatorvarianta"),
  method(
    "merc",
    "Popular Visualisation Pseudo Mercator",
    1024,
    NATURAL,
    "mercatorauxiliarysphere popularvisualisationpseudomercator",
    [["nadgrids", "@null"]],
  ),
  method("sinu", "Sinusoidal", 0, MERIDIAN, ""),
  method("moll", "Mollweide", 0, MERIDIAN, ""),
  method("robin", "Robinson", 0, MERIDIAN, ""),
  method("eqearth", "Equal Earth", 1078, MERIDIAN, ""),
  method("mill", "Miller Cylindrical", 0, MERIDIAN, ""),
  method("eck6", "Eckert VI", 0, MERIDIAN, ""),
  method("vandg", "Van Der Grinten", 0, MERIDIAN, "vandergrinteni"),
  method(
    "eqc",
    "Equidistant Cylindrical (Spherical)",
    1029,
    [TRUE_SCALE, ...NATURAL],
    "equirectangular platecarree equidistantcylindrical",
  ),
  method("aeqd", "Azimuthal Equidistant", 1125, NATURAL, "modifiedazimuthalequidistant"),
  method("ortho", "Orthographic", 9840, NATURAL, ""),
  method("gnom", "Gnomonic", 0, NATURAL, ""),
  method("poly", "American Polyconic", 9818, NATURAL, "polyconic"),
  method("cass", "Cassini-Soldner", 9806, NATURAL, "cassini"),
  method("omerc", "Hotine Oblique Mercator (variant B)", 9815, OBLIQUE, "hotineobliquemercatorazimuthcenter"),
  method(
    "omerc",
    "Hotine Oblique Mercator (variant A)",
    9812,
    OBLIQUE,
    "hotineobliquemercator hotineobliquemercatorazimuthnaturalorigin",
    [["no_uoff", ""]],
  ),
  method(
    "geos",
    "Geostationary Satellite (Sweep X)",
    0,
    GEOSTATIONARY,
    "",
    [["sweep", "x"]],
  ),
  method(
    "geos",
    "Geostationary Satellite (Sweep Y)",
    0,
    GEOSTATIONARY,
    "geostationarysatellite",
  ),
];

/** Names without their capitals, blanks and signs: dialects differ in them. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

let byName: Map<string, Method> | undefined;

export function methodNamed(name: string): Method | undefined {
  if (byName === undefined) {
    byName = new Map();
    for (const known of METHODS) {
      for (const text of [plainName(known.name), ...known.also]) {
        if (!byName.has(text)) byName.set(text, known);
      }
    }
  }
  return byName.get(plainName(name));
}

/** Of every dialect, as {@linkcode plainName} gives them. */
const ROLES: Readonly<Record<Role, string>> = {
  latitude: "latitudeoforigin latitudeofcenter latitudeofcentre latitudeofnaturalorigin " +
    "latitudeoffalseorigin latitudeofprojectioncentre",
  longitude: "centralmeridian longitudeoforigin longitudeofcenter longitudeofcentre " +
    "longitudeofnaturalorigin longitudeoffalseorigin longitudeofprojectioncentre",
  parallel1: "standardparallel1 latitudeof1ststandardparallel latitudeofstandardparallel",
  parallel2: "standardparallel2 latitudeof2ndstandardparallel",
  scale: "scalefactor scalefactoratnaturalorigin scalefactoratprojectioncentre scalefactoroninitialline",
  easting: "falseeasting eastingatfalseorigin eastingatprojectioncentre",
  northing: "falsenorthing northingatfalseorigin northingatprojectioncentre",
  azimuth: "azimuth azimuthatprojectioncentre azimuthofinitialline",
  skew: "rectifiedgridangle anglefromrectifiedtoskewgrid",
  height: "satelliteheight",
};

let roles: Map<string, Role> | undefined;

export function roleNamed(name: string): Role | undefined {
  roles ??= new Map(
    Object.entries(ROLES).flatMap(([role, names]) => names.split(" ").map((text) => [text, role as Role])),
  );
  return roles.get(plainName(name));
}
