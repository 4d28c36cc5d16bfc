"""Daily grids of one degree by h5py: python daily_grids.py FOLDER DAYS VARIABLE."""
import sys

import h5py
import numpy as np

folder, days, variable = sys.argv[1], int(sys.argv[2]), sys.argv[3]
latitude = np.arange(-89.5, 90)
longitude = np.arange(-179.5, 180)
for day in range(days):
    y, x = np.meshgrid(latitude, longitude, indexing="ij")
    field = (10 * day + np.cos(np.radians(y)) * 30 + np.sin(np.radians(x)) * 5).astype("f4")
    field[(y > 60) & (x > 100)] = -9999
    name = f"{folder}/{variable}_202410{day + 11:02d}.nc"
    with h5py.File(name, "w") as file:
        for axis, data, units in [
            ("time", [float(day)], "days since 2024-10-11 00:00:00"),
            ("lat", latitude, "degrees_north"),
            ("lon", longitude, "degrees_east"),
        ]:
            scale = file.create_dataset(axis, data=np.asarray(data, "f8"))
            scale.attrs["units"] = units
            scale.make_scale(axis)
        warmth = file.create_dataset(variable, data=field[np.newaxis], chunks=(1, 60, 60))
        warmth.attrs["units"] = "K"
        warmth.attrs["_FillValue"] = np.float32(-9999)
        for i, axis in enumerate(["time", "lat", "lon"]):
            warmth.dims[i].attach_scale(file[axis])
