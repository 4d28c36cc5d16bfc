"""Stores of cells as xarray datasets."""

from __future__ import annotations

import os
from typing import Any, Optional, Union

from ._errors import GranaryError, InputError


def open_store(store: Union[str, "os.PathLike[str]"], order: Optional[int] = None, **options: Any) -> Any:
    """A level of a store as an ``xarray.Dataset`` over the dimension of its cells.

    Where xdggs is installed the cells are decoded: ``ds.dggs.cell_centers()``, ``ds.dggs.sel_latlon(…)``.

    :param store: a folder, or an address that ``xarray.open_zarr`` takes.
    :param order: the level's order of cells (default: the finest).
    :param options: given to ``xarray.open_zarr``, such as ``storage_options``.
    :raises InputError: for what is no store, or has no such level.
    """
    try:
        import xarray
        import zarr
    except ImportError as error:
        raise GranaryError(f"a store is opened by xarray and zarr: {error}; pip install xarray zarr") from error
    place = os.fspath(store)
    storage = options.get("storage_options")
    try:
        root = zarr.open_group(place, mode="r", storage_options=storage)
    except (FileNotFoundError, KeyError, ValueError, OSError) as error:
        raise InputError(f"{place}: no Zarr store can be opened there ({error})", tag="input", exit_code=2) from error
    orders = sorted(int(name) for name in root.group_keys() if name.isdigit())
    if not orders:
        raise InputError(f"{place}: no level of cells is in this store", tag="input", exit_code=2)
    wanted = orders[-1] if order is None else order
    if wanted not in orders:
        names = ", ".join(map(str, orders))
        raise InputError(f"{place}: no level of order {wanted} (there are {names})", tag="input", exit_code=2)
    dataset = xarray.open_zarr(place, group=str(wanted), **options)
    try:
        import xdggs  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return dataset
    return xdggs.decode(dataset)
