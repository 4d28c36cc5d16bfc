"""Catalogs of granules: made, joined, asked."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Union

from ._flags import flags_of
from ._process import call, run
from ._progress import Progress

Place = Union[str, "os.PathLike[str]"]


def build(
    output: Place, *paths: Place, source: str = "local", progress: Progress = True, **options: Any
) -> Dict[str, Any]:
    """Makes a catalog of granules, or brings one up to date (``update=True``).

    :param output: the GeoParquet file.
    :param paths: files or folders of granules, for the local source.
    :param source: ``local``, ``cmr``, ``stac``, ``s3`` or another that ``granary catalog build --help`` names.
    :param options: any other flag, such as ``collection="ATL06"``, ``start="2020-01-01"``, ``bbox=(w, s, e, n)``.
    """
    flags = flags_of({"from": source, "output": output, **options})
    return run("catalog", "build", *flags, "--", *[os.fspath(path) for path in paths], progress=progress)


def merge(output: Place, *catalogs: Place, **options: Any) -> Dict[str, Any]:
    """Joins catalogs into one; a granule that several hold is kept once."""
    return run("catalog", "merge", *flags_of({"output": output, **options}), "--", *[os.fspath(each) for each in catalogs])


def info(catalog: Place) -> Dict[str, Any]:
    """How many granules, of which collections, from when to when, and where."""
    return run("catalog", "info", "--", os.fspath(catalog))


def sql(catalog: Place, query: str) -> Any:
    """The rows of one SELECT over ``granules``, ``urls`` and ``cells_at(order)``.

    A ``pyarrow.Table`` where pyarrow is installed (``.to_pandas()`` makes a data frame), else a list of
    dictionaries.
    """
    try:
        from pyarrow import ipc  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        rows = call(["catalog", "sql", "--format=json", "--", os.fspath(catalog), query])
        return json.loads(rows)
    return ipc.open_stream(call(["catalog", "sql", "--format=arrow", "--", os.fspath(catalog), query])).read_all()
