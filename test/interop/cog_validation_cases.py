"""Makes TIFFs of many layouts in the folder given, and cases.json: what rio-cogeo says of each."""
import json
import os
import random
import shutil
import struct
import sys
import warnings

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.shutil import copy
from rasterio.transform import from_origin
from rio_cogeo.cogeo import cog_validate

warnings.simplefilter("ignore")
folder, *others = sys.argv[1:]
os.chdir(folder)
rng = np.random.default_rng(3)
PLACE = {"crs": "EPSG:32615", "transform": from_origin(500000, 5400000, 30, 30)}


def plain(path, width, height, bands=1, overviews=(), mask=False, **options):
    data = rng.integers(1, 4000, (bands, height, width)).astype("uint16")
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        with rasterio.open(path, "w", driver="GTiff", width=width, height=height, count=bands, dtype="uint16", **PLACE,
                           **options) as d:
            if not options.get("sparse_ok"):
                d.write(data)
            if mask:
                d.write_mask((data[0] > 2000).astype("uint8") * 255)
        if overviews:
            with rasterio.open(path, "r+") as d:
                d.build_overviews(list(overviews), Resampling.nearest)


TILED = {"tiled": True, "blockxsize": 256, "blockysize": 256}
plain("small_strips.tif", 300, 200)
plain("small_tiled.tif", 300, 200, **TILED)
plain("at_limit.tif", 512, 512)
plain("wide_strips.tif", 513, 100)
plain("tall_strips.tif", 100, 513)
plain("large_strips.tif", 900, 800, blockysize=4)
plain("large_tiled.tif", 900, 800, **TILED)
plain("one_wide_tile.tif", 1024, 700, tiled=True, blockxsize=1024, blockysize=256)
plain("tile_wider.tif", 700, 700, tiled=True, blockxsize=1024, blockysize=1024)
plain("overviews_behind.tif", 900, 800, overviews=(2, 4), **TILED)
plain("overviews_behind_deflate.tif", 900, 800, overviews=(2, 4), compress="DEFLATE", **TILED)
plain("bigtiff.tif", 900, 800, overviews=(2,), bigtiff="YES", **TILED)
plain("bigendian.tif", 900, 800, overviews=(2,), endianness="BIG", **TILED)
plain("overview_as_large.tif", 900, 800, overviews=(2, 8, 4), **TILED)
plain("sparse.tif", 900, 800, sparse_ok=True, **TILED)
plain("planar.tif", 900, 800, bands=3, overviews=(2,), interleave="band", **TILED)
plain("masked.tif", 900, 800, mask=True, overviews=(2,), **TILED)
plain("source.tif", 1400, 1300, **TILED)
plain("source_masked.tif", 1400, 1300, mask=True, **TILED)
plain("source_bands.tif", 1400, 1300, bands=3, **TILED)
for name, options in {
    "deflate": {"compress": "DEFLATE"}, "zstd": {"compress": "ZSTD"}, "lzw": {"compress": "LZW", "predictor": "YES"},
    "none": {"compress": "NONE"}, "bigtiff": {"bigtiff": "YES"}, "small_blocks": {"blocksize": 128},
    "no_overviews": {"overviews": "NONE"}, "sparse": {"sparse_ok": True},
}.items():
    copy("source.tif", f"cog_{name}.tif", driver="COG", **options)
copy("source_bands.tif", "cog_bands.tif", driver="COG")
with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
    copy("source_masked.tif", "cog_masked.tif", driver="COG", compress="DEFLATE")
plain("external.tif", 900, 800, **TILED)
with rasterio.Env(TIFF_USE_OVR=True):
    with rasterio.open("external.tif", "r") as d:
        d.build_overviews([2, 4], Resampling.nearest) if False else None
    with rasterio.open("external.tif", "r+") as d:
        d.build_overviews([2, 4], Resampling.nearest)
shutil.copy("cog_deflate.tif", "edited.tif")
with rasterio.Env(IGNORE_COG_LAYOUT_BREAK="YES"):
    with rasterio.open("edited.tif", "r+", IGNORE_COG_LAYOUT_BREAK="YES") as d:
        d.write(d.read(1) // 2, 1)
with open("no_tiff.tif", "wb") as out:
    out.write(b"\x89PNG\r\n\x1a\n" + bytes(200))
for i, path in enumerate(others):
    shutil.copy(path, f"shared_{i}.tif")


def directories(data):
    """Offsets of the directories of a little-endian classic TIFF, and where each is pointed to."""
    found, pointer = [], 4
    while True:
        at = struct.unpack_from("<I", data, pointer)[0]
        if at == 0:
            return found
        found.append((at, pointer))
        pointer = at + 2 + 12 * struct.unpack_from("<H", data, at)[0]


def entry(data, directory, tag):
    for i in range(struct.unpack_from("<H", data, directory)[0]):
        at = directory + 2 + 12 * i
        if struct.unpack_from("<H", data, at)[0] == tag:
            return at


# Files whose parts lie elsewhere: each change is one that leaves the pixels readable.
random.seed(5)
for source in ("cog_deflate", "cog_none", "cog_bigtiff", "overviews_behind", "cog_masked"):
    original = open(f"{source}.tif", "rb").read()
    if original[2] != 42:
        continue
    for turn in range(24):
        data = bytearray(original)
        found = directories(data)
        kind = turn % 6
        at, pointer = random.choice(found)
        count = struct.unpack_from("<H", data, at)[0]
        if kind == 0:  # a directory moved to the end
            moved = data[at:at + 6 + 12 * count]
            data += b"\0" * (len(data) % 2)
            struct.pack_into("<I", data, pointer, len(data))
            data += moved
        elif kind == 1:  # the first stored block moved to the end
            field = entry(data, at, 324)
            n, where = struct.unpack_from("<II", data, field + 4)
            place = where if n > 1 else field + 8
            lengths = entry(data, at, 325)
            m, there = struct.unpack_from("<II", data, lengths + 4)
            size = struct.unpack_from("<H" if data[lengths + 2] == 3 else "<I", data, there if m * (2 if data[lengths + 2] == 3 else 4) > 4 else lengths + 8)[0]
            block = struct.unpack_from("<I", data, place)[0]
            struct.pack_into("<I", data, place, len(data))
            data += data[block:block + size]
        elif kind == 2 and len(found) > 2:  # two directories change places in the chain
            a, b = random.sample(found[1:], 2)
            end = lambda d: d + 2 + 12 * struct.unpack_from("<H", data, d)[0]
            struct.pack_into("<I", data, a[1], b[0])
            struct.pack_into("<I", data, b[1], a[0])
            ends = struct.unpack_from("<I", data, end(a[0]))[0], struct.unpack_from("<I", data, end(b[0]))[0]
            if b[1] == end(a[0]):
                struct.pack_into("<I", data, end(b[0]), a[0])
                struct.pack_into("<I", data, end(a[0]), ends[1])
            elif a[1] == end(b[0]):
                struct.pack_into("<I", data, end(a[0]), b[0])
                struct.pack_into("<I", data, end(b[0]), ends[0])
            else:
                struct.pack_into("<I", data, end(a[0]), ends[1])
                struct.pack_into("<I", data, end(b[0]), ends[0])
        elif kind == 3:  # a directory left out of the chain
            struct.pack_into("<I", data, pointer, struct.unpack_from("<I", data, at + 2 + 12 * count)[0])
        elif kind == 4:  # the words on the layout changed
            data[:] = data.replace(b"KNOWN_INCOMPATIBLE_EDITION=NO\n ", b"KNOWN_INCOMPATIBLE_EDITION=YES\n")
        elif kind == 5:  # bytes in the blocks or around them
            spot = random.randrange(len(data) // 2, len(data))
            data[spot] ^= 0x55
        open(f"changed_{source}_{turn}.tif", "wb").write(data)

cases = []
for file in sorted(os.listdir(".")):
    if not file.endswith(".tif"):
        continue
    try:
        valid, errors, warned = cog_validate(file, quiet=True)
    except Exception as error:
        cases.append({"file": file, "valid": None, "errors": [str(error)], "warnings": []})
        continue
    cases.append({"file": file, "valid": bool(valid), "errors": errors, "warnings": warned})
json.dump(cases, open("cases.json", "w"))
print(json.dumps(len(cases)))
