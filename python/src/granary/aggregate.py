"""Observations to HEALPix cells."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional, Union

from ._flags import flags_of
from ._process import run
from ._progress import Progress
from .config import Config, Source, config_file

Place = Union[str, "os.PathLike[str]"]


class AggregateResult(Dict[str, Any]):
    """What a run did, as the program tells it: ``granules``, ``observations``, ``cells``, ``seconds`` and more."""

    @property
    def store(self) -> str:
        """Where the Zarr store is."""
        return str(self["store"])

    def open(self, **options: Any) -> Any:
        """The store as :func:`granary.open` gives it."""
        from .store import open_store

        return open_store(self.store, **options)


def agg(
    config: Union[Config, Source],
    *,
    catalog: Optional[Place] = None,
    store: Optional[Place] = None,
    backend: str = "local",
    max_cells: Optional[int] = None,
    dry_run: bool = False,
    progress: Progress = True,
    **options: Any,
) -> AggregateResult:
    """Aggregates the observations of a catalog's granules to the cells of a Zarr store.

    :param config: what :func:`granary.load_config` takes or gave.
    :param catalog: the catalog of granules; the config may name it.
    :param store: the store to make, a folder or ``s3://bucket/prefix``; the config may name it.
    :param backend: ``local`` (this machine), ``slurm`` or ``lambda``.
    :param max_cells: at most so many parent cells, the first in order.
    :param dry_run: only say what would be done, as a plan.
    :param progress: True shows how far it is, a function is called with it.
    :param options: any other flag of ``granary aggregate``, such as ``start="2020-01-01"``, ``bbox=(w, s, e, n)``,
        ``workers=4``, ``resume=True``, ``overwrite=True``.
    :raises InputError: nothing was done; the message says what is wrong.
    :raises GranuleError: the store is there, without what could not be read; ``result`` says what.
    """
    with config_file(config) as name:
        flags = flags_of(
            {
                "config": name,
                "catalog": catalog,
                "output": store,
                "backend": backend,
                "max_cells": max_cells,
                "dry_run": dry_run,
                **options,
            }
        )
        return AggregateResult(run("aggregate", *flags, progress=progress))
