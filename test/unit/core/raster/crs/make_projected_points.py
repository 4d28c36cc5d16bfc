"""Makes projected_points.json: points by PROJ (pyproj), for the tests of this folder.

    python make_projected_points.py
"""
import json
import os
import random

import pyproj
from pyproj import CRS, Transformer

CODES = """EPSG:32615 EPSG:32733 EPSG:3413 EPSG:3031 EPSG:3995 EPSG:3976 EPSG:6931 EPSG:6932 EPSG:6933 EPSG:3408
EPSG:3409 EPSG:3410 EPSG:3411 EPSG:3412 EPSG:5070 EPSG:3978 EPSG:2193 EPSG:3035 EPSG:3857 EPSG:3395 EPSG:8857
EPSG:2056 EPSG:2225 EPSG:32662 ESRI:102001 ESRI:54009 ESRI:54008 EPSG:5041 EPSG:3577 EPSG:3338 EPSG:2163""".split()
OWN = [
    "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m",
    "+proj=laea +lat_0=52 +lon_0=10 +x_0=100 +y_0=200 +a=6378273 +rf=298.279411123064 +units=m",
]
# Where a system is used: west, south, east, north.
AREAS = {
    "EPSG:3413": (-180, 50, 180, 89), "EPSG:3995": (-180, 50, 180, 89), "EPSG:6931": (-180, 10, 180, 89),
    "EPSG:3408": (-180, 10, 180, 89), "EPSG:3411": (-180, 50, 180, 89), "EPSG:5041": (-180, 60, 180, 89),
    "EPSG:3031": (-180, -89, 180, -50), "EPSG:3976": (-180, -89, 180, -50), "EPSG:6932": (-180, -89, 180, -10),
    "EPSG:3409": (-180, -89, 180, -10), "EPSG:3412": (-180, -89, 180, -50),
    "EPSG:32615": (-97, 0, -89, 80), "EPSG:32733": (12, -80, 18, 0), "EPSG:2193": (166, -47, 178, -34),
    "EPSG:2056": (6, 45.8, 10.4, 47.8), "EPSG:3577": (112, -44, 154, -10), "EPSG:3338": (-170, 51, -130, 71),
    "EPSG:3035": (-10, 35, 30, 70), OWN[1]: (-10, 35, 30, 70),
    "EPSG:5070": (-124, 24, -67, 49), "EPSG:2225": (-124, 39, -119, 42), "EPSG:3978": (-140, 42, -52, 80),
    "ESRI:102001": (-140, 42, -52, 80), "EPSG:2163": (-130, 20, -65, 60),
}

random.seed(7)
sets = []
for name in CODES + OWN:
    crs = CRS(name)
    # Longitudes and latitudes of the same datum, but for the Swiss one, whose shift is part of its definition.
    geographic = CRS(4326) if name == "EPSG:2056" else crs.geodetic_crs
    to = Transformer.from_crs(geographic, crs, always_xy=True)
    west, south, east, north = AREAS.get(name, (-179, -84, 179, 84))
    points = []
    for _ in range(12):
        lon, lat = round(random.uniform(west, east), 6), round(random.uniform(south, north), 6)
        points.append([lon, lat, *to.transform(lon, lat)])
    sets.append({"crs": name, "points": points})

# The same systems as other writers put them, their codes left out.
def without_codes(text):
    import re
    before = None
    while before != text:
        before, text = text, re.sub(r',\s*(AUTHORITY|ID)\["[^\[\]]*\]', "", text)
    return text

wkts = []
for name in CODES:
    crs = CRS(name)
    for version in ("WKT1_GDAL", "WKT1_ESRI", "WKT2_2019"):
        try:
            text = crs.to_wkt(version)
        except pyproj.exceptions.CRSError:
            continue
        if text:
            wkts.append({"crs": name, "version": version, "wkt": without_codes(text)})

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "projected_points.json"), "w") as out:
    json.dump({"proj": pyproj.proj_version_str, "sets": sets, "wkts": wkts}, out, indent=0)
    out.write("\n")
