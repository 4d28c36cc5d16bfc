"""Makes GeoTIFFs with rasterio in the folder given, and cases.json: what rasterio reads of each."""
import hashlib
import json
import os
import sys
import warnings

import numpy as np
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.transform import Affine, from_origin

warnings.simplefilter("ignore")
folder = sys.argv[1]
os.chdir(folder)
rng = np.random.default_rng(1)
W, H = 700, 600
y, x = np.mgrid[0:H, 0:W]
base = np.sin(x / 97) * np.cos(y / 71) * 1000 + 1500 + rng.normal(0, 3, (H, W))
DATA = {
    "uint8": ((base - 500) / 2000 * 255).clip(0, 255).astype("uint8"),
    "int8": ((base - 1500) / 1000 * 127).clip(-128, 127).astype("int8"),
    "uint16": base.clip(0, 65535).astype("uint16"),
    "int16": (base - 1500).astype("int16"),
    "uint32": (base * 1e6).astype("uint32"),
    "int32": ((base - 1500) * 1e6).astype("int32"),
    "float32": base.astype("float32"),
    "float64": base,
}
UTM = from_origin(500000, 5400000, 30, 30)
cases, refused = [], []


def write(name, bands, *, fill=None, tile=256, overviews=(2,), lossy=False, mask=None, env=None, refuse=None, **options):
    bands = bands if isinstance(bands, list) else [bands]
    place = {"crs": "EPSG:32615", "transform": UTM, "tiled": True, "blockxsize": tile, "blockysize": tile}
    place.update(options)
    place = {k: v for k, v in place.items() if v is not None}
    path = f"{name}.tif"
    try:
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, **(env or {})):
            with rasterio.open(path, "w", driver="GTiff", width=W, height=H, count=len(bands), dtype=bands[0].dtype,
                               **place) as d:
                for i, band in enumerate(bands):
                    if band is not None and not place.get("sparse_ok"):
                        d.write(band, i + 1)
                if fill:
                    fill(d)
                if mask is not None:
                    d.write_mask(mask)
                if overviews:
                    d.build_overviews(list(overviews), Resampling.nearest)
    except rasterio.errors.RasterioError as error:
        print(f"{name}: not made ({error})", file=sys.stderr)
        return
    if refuse:
        refused.append({"name": name, "rule": refuse})
        return
    record(name, lossy)


def sha(band):
    return hashlib.sha256(np.ascontiguousarray(band).tobytes()).hexdigest()


def record(name, lossy=False):
    path = f"{name}.tif"
    with rasterio.open(path) as d:
        t = d.transform
        up = t.e > 0
        turn = (lambda a: a[::-1]) if up else (lambda a: a)
        alpha = [i for i, c in enumerate(d.colorinterp) if c.name == "alpha"]
        bands = [i for i in range(d.count) if i not in alpha]
        if up:
            t = Affine(t.a, 0, t.c, 0, -t.e, t.f + t.e * d.height)
        flags = [f.name for f in d.mask_flag_enums[0]]
        levels = []
        for level in [None] + list(range(len(d.overviews(1)))):
            with rasterio.open(path, **({} if level is None else {"overview_level": level})) as o:
                if lossy:
                    for i in bands:
                        turn(o.read(i + 1)).tofile(f"{name}.{0 if level is None else level + 1}.{i}.bin")
                levels.append({
                    "size": [o.width, o.height],
                    "block": [o.block_shapes[0][1], o.block_shapes[0][0]],
                    "sha": [sha(turn(o.read(i + 1))) for i in bands],
                    "mask": sha((turn(o.dataset_mask()) != 0).astype("uint8"))
                    if "per_dataset" in flags else None,
                })
        from pyproj import Transformer
        to = Transformer.from_crs(d.crs, d.crs.to_dict() and CRS.from_epsg(4326), always_xy=True) \
            if d.crs.to_epsg() else Transformer.from_crs(
                d.crs.to_wkt(), __import__("pyproj").CRS(d.crs.to_wkt()).geodetic_crs, always_xy=True)
        corners = [list(to.transform(*(t * p))) for p in ((0, 0), (d.width, 0), (0, d.height), (d.width, d.height))]
        nodata = d.nodata
        cases.append({
            "name": name, "dtype": d.dtypes[0], "affine": list(t)[:6], "epsg": d.crs.to_epsg(),
            "corners": corners, "nodata": None if nodata is None else repr(float(nodata)),
            "scales": [d.scales[i] for i in bands], "offsets": [d.offsets[i] for i in bands],
            "units": [d.units[i] or None for i in bands], "descriptions": [d.descriptions[i] for i in bands],
            "levels": levels, "lossy": lossy,
        })


for dtype in ("uint8", "uint16", "int16", "float32", "float64"):
    a = DATA[dtype]
    write(f"none_{dtype}", a)
    for compress in ("DEFLATE", "LZW", "ZSTD"):
        write(f"{compress.lower()}_{dtype}", a, compress=compress)
        write(f"{compress.lower()}_p2_{dtype}", a, compress=compress, predictor=2)
        if dtype.startswith("float"):
            write(f"{compress.lower()}_p3_{dtype}", a, compress=compress, predictor=3)
for dtype in ("uint16", "float32"):
    for compress in ("LERC", "LERC_DEFLATE", "LERC_ZSTD"):
        write(f"{compress.lower()}_{dtype}", DATA[dtype], compress=compress)
write("packbits_uint8", DATA["uint8"], compress="PACKBITS")
write("jpeg_gray", DATA["uint8"], compress="JPEG", lossy=True)
RGB = [DATA["uint8"], DATA["uint8"][::-1].copy(), DATA["uint8"][:, ::-1].copy()]
write("jpeg_ycbcr", RGB, compress="JPEG", photometric="YCBCR", interleave="pixel", lossy=True)
write("jpeg_rgb", RGB, compress="JPEG", photometric="RGB", interleave="pixel", lossy=True)
write("jpeg_planar", RGB, compress="JPEG", interleave="band", lossy=True)
write("jpeg_strips", RGB, compress="JPEG", photometric="YCBCR", interleave="pixel", lossy=True, tiled=False,
      blockxsize=None, blockysize=32, overviews=())
write("webp_rgb", RGB, compress="WEBP", webp_lossless=True, interleave="pixel")
write("webp_lossy", RGB, compress="WEBP", webp_level=60, interleave="pixel", lossy=True)
write("bigtiff_deflate_uint16", DATA["uint16"], compress="DEFLATE", bigtiff="YES")
write("bigendian_p2_uint16", DATA["uint16"], compress="DEFLATE", predictor=2, endianness="BIG")
write("bigendian_p3_float32", DATA["float32"], compress="DEFLATE", predictor=3, endianness="BIG")
write("bigendian_p2_float64", DATA["float64"], compress="DEFLATE", predictor=2, endianness="BIG", bigtiff="YES")
write("bigendian_none_float32", DATA["float32"], endianness="BIG")
four = [DATA["uint16"], DATA["uint16"] // 2, DATA["uint16"][::-1].copy(), DATA["uint16"] + 7]
write("band_deflate_uint16x4", four, compress="DEFLATE", interleave="band")
write("band_zstd_p3_float32x2", [DATA["float32"], -DATA["float32"]], compress="ZSTD", predictor=3, interleave="band")
write("pixel_deflate_p2_uint16x4", four, compress="DEFLATE", predictor=2, interleave="pixel")
write("pixel_lzw_p3_float64x3", [DATA["float64"], -DATA["float64"], DATA["float64"] * 2], compress="LZW", predictor=3,
      interleave="pixel")
write("pixel_p2_int32x2", [DATA["int32"], -DATA["int32"]], compress="ZSTD", predictor=2, interleave="pixel")
write("sparse_nodata", DATA["uint16"], compress="DEFLATE", sparse_ok=True, nodata=7, overviews=(),
      fill=lambda d: d.write(DATA["uint16"][:256, :256], 1, window=((256, 512), (0, 256))))
for dtype in ("int8", "uint32", "int32"):
    write(f"deflate_p2_{dtype}", DATA[dtype], compress="DEFLATE", predictor=2)
    write(f"lerc_{dtype}", DATA[dtype], compress="LERC")
write("bits_1", (DATA["uint8"] > 120).astype("uint8"), nbits=1, compress="DEFLATE")
write("bits_4", (DATA["uint8"] // 16).astype("uint8"), nbits=4)
for rows in (1, 13, 600):
    for compress in (None, "LZW"):
        write(f"strips_{rows}_{compress}", DATA["int16"], tiled=False, blockxsize=None, blockysize=rows,
              compress=compress, overviews=())
seen = ((x - 300) ** 2 + (y - 280) ** 2 < 200 ** 2).astype("uint8") * 255
write("mask", DATA["float32"], mask=seen, compress="DEFLATE", overviews=(2, 4))
write("mask_planar", RGB, mask=seen, compress="DEFLATE", interleave="band")
write("alpha", RGB + [seen], photometric="RGB", alpha="YES", compress="DEFLATE")
write("alpha_webp", RGB + [seen], photometric="RGB", alpha="YES", compress="WEBP", webp_lossless=True)
nan = DATA["float32"].copy()
nan[:50] = np.nan
write("nan", nan, nodata=float("nan"), compress="DEFLATE", predictor=3)
write("nan_lerc", nan, nodata=float("nan"), compress="LERC")
write("inexact_nodata", np.where(seen > 0, DATA["float32"], np.float32(-9999.9)), nodata=float(np.float32(-9999.9)))
write("lowest_nodata", DATA["float32"], nodata=float(np.finfo("float32").min), compress="LZW")


def tell(d):
    d.scales, d.offsets, d.units = (0.01, 2.0), (273.15, -1.0), ("K", "m <s> & \"t\"")
    d.descriptions = ("warm < \"cold\" & µ", None)


write("reported", [DATA["int16"], DATA["int16"]], fill=tell)
write("point", DATA["uint8"], fill=lambda d: d.update_tags(AREA_OR_POINT="Point"))
write("south_up", DATA["int16"], transform=Affine(30, 0, 500000, 0, 30, 5400000), compress="ZSTD")
SYSTEMS = {
    "geographic": "EPSG:4326", "nad83": "EPSG:4269", "feet": "EPSG:2225", "polar": "EPSG:3413", "south": "EPSG:3031",
    "web": "EPSG:3857", "ease": "EPSG:6933", "japan": "EPSG:6677", "canada": "ESRI:102001",
    "modis": "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs",
    "hughes": "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +a=6378273 +b=6356889.449 +units=m +no_defs",
    "albers": "+proj=aea +lat_0=10 +lon_0=20 +lat_1=5 +lat_2=30 +x_0=1000 +y_0=0 +ellps=GRS80 +units=m +no_defs",
    "laea": "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321 +y_0=321 +datum=WGS84 +units=m +no_defs",
    "cea": "+proj=cea +lat_ts=30 +lon_0=10 +datum=WGS84 +units=m +no_defs",
    "lcc2": "+proj=lcc +lat_0=40 +lon_0=-96 +lat_1=20 +lat_2=60 +x_0=0 +y_0=0 +datum=NAD83 +units=m +no_defs",
    "lcc1": "+proj=lcc +lat_1=25 +lat_0=25 +lon_0=-95 +k_0=1 +x_0=0 +y_0=0 +R=6371200 +units=m +no_defs",
    "tmerc": "+proj=tmerc +lat_0=10 +lon_0=12.5 +k=0.9999 +x_0=500000 +y_0=0 +datum=WGS84 +units=m +no_defs",
    "merc": "+proj=merc +lon_0=10 +lat_ts=30 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs",
    "polar_k": "+proj=stere +lat_0=-90 +lon_0=10 +k=0.97 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs",
    "sphere": "+proj=longlat +R=6371229 +no_defs",
    "eqc": "+proj=eqc +lat_ts=30 +lat_0=0 +lon_0=10 +x_0=0 +y_0=0 +R=6371229 +units=m +no_defs",
    "tmerc_feet": "+proj=tmerc +lat_0=10 +lon_0=12.5 +k=1 +x_0=100000 +y_0=0 +datum=WGS84 +units=us-ft +no_defs",
}
for name, text in SYSTEMS.items():
    crs = CRS.from_string(text)
    place = from_origin(-20, 40, 0.05, 0.05) if crs.is_geographic else from_origin(100000, 400000, 100, 90)
    write(f"crs_{name}", DATA["uint8"], crs=crs, transform=place, overviews=())
write("complex", DATA["float32"].astype("complex64"), refuse="dtype")
write("int64", DATA["int32"].astype("int64"), refuse="dtype")
write("uint64", DATA["uint32"].astype("uint64"), refuse="dtype")
write("lzma", DATA["uint16"], compress="LZMA", refuse="compression")
write("rotated", DATA["uint8"], transform=Affine(30, 3, 500000, 3, -30, 5400000), refuse="rotated")
write("no_place", DATA["uint8"], transform=None, refuse="no-place")
write("no_crs", DATA["uint8"], crs=None, refuse="no-crs")
write("gcps", DATA["uint8"], transform=None, crs=CRS.from_epsg(4326), refuse="control-points", gcps=[
    GroundControlPoint(0, 0, 10, 50), GroundControlPoint(0, 700, 11, 50), GroundControlPoint(600, 0, 10, 49),
    GroundControlPoint(600, 700, 11, 49)])
json.dump({"cases": cases, "refused": refused}, open("cases.json", "w"))
print(json.dumps(len(cases)))
