"""Opens a level of a store in xarray, with xdggs for its cells, and prints a summary as JSON.

python examples/read_store.py FOLDER/store.zarr 12
"""

import json
import sys

import numpy as np
import xarray as xr
import xdggs

store, order = sys.argv[1:]
ds = xr.open_zarr(store, group=order, consolidated=False)
cells = xdggs.decode(ds, convention="zarr", name="cell_ids")
centres = cells.dggs.cell_centers()
heights = ds["h_mean"].values
there = np.isfinite(heights)
print(json.dumps({
    "cells": int(there.sum()),
    "mean_height": float(heights[there].mean()),
    "southernmost": float(centres["latitude"].values[there].min()),
}))
