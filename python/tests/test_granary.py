"""The package over the real program: GRANARY_BINARY names it, GRANARY_TEST_GRANULES a folder of granules."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import granary
from granary._flags import flags_of
from granary._progress import line_of

CONFIG = {
    "data_source": {
        "collections": ["ATL06.*"],
        "groups": ["gt1l", "gt2r"],
        "coordinates": {
            "latitude": "/{group}/land_ice_segments/latitude",
            "longitude": "/{group}/land_ice_segments/longitude",
        },
        "variables": {"h": "/{group}/land_ice_segments/h_li"},
    },
    "aggregation": {"variables": {"count": {"function": "count", "source": "h"}, "top": {"function": "max", "source": "h"}}},
    "output": {"grid": {"type": "healpix", "parent_order": 6, "child_order": 11}},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Simulated granules and their catalog."""
    folder = tmp_path_factory.mktemp("world")
    granary.run("simulate", str(folder / "granules"), "--granules", "6", "--rows", "2000")
    built = granary.catalog.build(folder / "c.parquet", folder / "granules", progress=False)
    assert built["rows"] == 6
    return folder


def test_flags_are_those_of_the_command_line():
    assert flags_of({"start": "2020-01-01", "bbox": (-1, 2, 3, 4.5), "overwrite": True, "resume": False, "x": None}) == [
        "--start=2020-01-01",
        "--bbox=-1,2,3,4.5",
        "--overwrite",
    ]
    assert flags_of({"from_": "local", "max_cells": 3}) == ["--from=local", "--max-cells=3"]


def test_progress_is_a_line_of_text():
    assert line_of({"label": "scatter", "done": 12, "total": 48, "unit": "granules"}) == "scatter: 12 of 48 granules (25%)"
    assert line_of({"label": "scatter", "done": 1200, "total": None, "unit": "granules"}) == "scatter: 1,200 granules"


def test_a_config_is_a_dictionary_that_can_be_changed_and_run(world):
    config = granary.load_config("atl06")
    assert isinstance(config, dict) and config["output"]["grid"]["child_order"] == 12
    config["output"]["grid"]["child_order"] = 9
    again = granary.load_config(config)
    assert again == config
    plan = granary.agg(config, catalog=world / "c.parquet", store=world / "never.zarr", dry_run=True, progress=False)
    assert plan["schema"].startswith("granary.aggregate.plan/") and not (world / "never.zarr").exists()


def test_cells_hold_what_h5py_and_healpy_make_of_the_granules(world):
    h5py, healpy, numpy = pytest.importorskip("h5py"), pytest.importorskip("healpy"), pytest.importorskip("numpy")
    seen = []
    result = granary.agg(CONFIG, catalog=world / "c.parquet", store=world / "s.zarr", progress=seen.append)
    assert result["granules"]["read"] == 6 and seen[-1]["done"] == seen[-1]["total"]
    assert {record["label"] for record in seen} == {"aggregate"}
    ds = result.open()
    lat, lon, height = [], [], []
    for file in sorted((world / "granules").glob("*.h5")):
        with h5py.File(file) as granule:
            for beam in ("gt1l", "gt2r"):
                group = granule[f"{beam}/land_ice_segments"]
                values = group["h_li"][:]
                good = numpy.isfinite(values) & (values < 3e38)
                lat.append(group["latitude"][:][good]); lon.append(group["longitude"][:][good]); height.append(values[good])
    lat, lon, height = map(numpy.concatenate, (lat, lon, height))
    # Latitudes as authalic ones (Karney 2023's series is the program's; here the closed form).
    e2 = 0.0066943799901413165; e = math.sqrt(e2)
    q = lambda s: (1 - e2) * (s / (1 - e2 * s * s) - numpy.log((1 - e * s) / (1 + e * s)) / (2 * e))
    authalic = numpy.degrees(numpy.arcsin(q(numpy.sin(numpy.radians(lat))) / q(1.0)))
    cells = healpy.ang2pix(1 << 11, lon, authalic, nest=True, lonlat=True)
    wanted, counts = numpy.unique(cells, return_counts=True)
    found = ds["count"].values
    have = found > 0
    ids = ds["cell_ids"].values[have].astype("int64")
    assert numpy.array_equal(numpy.sort(ids), wanted)
    assert found.sum() == height.size
    order = numpy.argsort(ids)
    assert numpy.array_equal(found[have][order], counts)
    tops = numpy.array([height[cells == cell].max() for cell in wanted], dtype="float32")
    assert numpy.array_equal(ds["top"].values[have][order].astype("float32"), tops)


def test_rows_of_sql_are_an_arrow_table_or_dictionaries(world, monkeypatch):
    pytest.importorskip("pyarrow")
    query = "select id, size_bytes from granules order by id"
    table = granary.catalog.sql(world / "c.parquet", query)
    assert table.num_rows == 6 and table.column_names == ["id", "size_bytes"]
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    rows = granary.catalog.sql(world / "c.parquet", query)
    assert [row["id"] for row in rows] == table["id"].to_pylist()
    assert [row["size_bytes"] for row in rows] == [
        (world / "granules" / row["id"]).stat().st_size for row in rows
    ]


def test_catalogs_are_joined(world):
    granary.catalog.build(world / "d.parquet", world / "granules", progress=False)
    merged = granary.catalog.merge(world / "m.parquet", world / "c.parquet", world / "d.parquet")
    assert merged["rows"] == 6 and granary.catalog.info(world / "m.parquet")["granules"] == 6


def test_what_is_wrong_is_an_exception_with_the_programs_words(world):
    with pytest.raises(granary.InputError, match="none.parquet") as caught:
        granary.agg("atl06", catalog=world / "none.parquet", store=world / "x.zarr", progress=False)
    assert (caught.value.exit_code, caught.value.tag) == (2, "input")
    with pytest.raises(granary.InputError, match="child_ordr"):
        granary.load_config({**CONFIG, "output": {"grid": {"child_ordr": 3}}})
    with pytest.raises(granary.InputError, match="overwrite"):
        granary.catalog.build(world / "c.parquet", world / "granules", progress=False)
    with pytest.raises(granary.InputError, match="^(?!granary).*colour"):
        granary.catalog.sql(world / "c.parquet", "select colour from granules")
    with pytest.raises(granary.InputError, match="order"):
        granary.open(world / "s.zarr", order=3)
    with pytest.raises(TypeError, match="neither text"):
        granary.load_config({"output": object()})


def test_a_damaged_granule_leaves_the_rest_and_says_so(world, tmp_path):
    granules = tmp_path / "granules"
    granules.mkdir()
    for file in (world / "granules").glob("*.h5"):
        os.link(file, granules / file.name)
    granary.catalog.build(tmp_path / "c.parquet", granules, progress=False)
    damaged = sorted(granules.glob("*.h5"))[2]
    size = damaged.stat().st_size
    damaged.unlink()
    damaged.write_bytes(b"\0" * size)
    with pytest.raises(granary.GranuleError) as caught:
        granary.agg(CONFIG, catalog=tmp_path / "c.parquet", store=tmp_path / "s.zarr", progress=False)
    assert caught.value.exit_code == 3
    assert [damaged.name in str(failed) for failed in caught.value.result["granules"]["failed"]] == [True]
    assert granary.open(tmp_path / "s.zarr")["count"].values.sum() > 0


def test_a_program_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("GRANARY_BINARY", str(tmp_path / "none"))
    with pytest.raises(granary.BinaryNotFound, match="none"):
        granary.run("catalog", "info", "x")


def test_an_interrupt_ends_the_program_too(world, tmp_path):
    """SIGINT to Python in the midst: the program ends, KeyboardInterrupt is raised, a resume gives all."""
    script = tmp_path / "work.py"
    script.write_text(
        "import granary, json, sys\n"
        f"config = json.loads({json.dumps(json.dumps(CONFIG))})\n"
        "def seen(record):\n    print('working', flush=True)\n"
        "try:\n"
        f"    granary.agg(config, catalog={str(world / 'c.parquet')!r}, store={str(tmp_path / 's.zarr')!r}, workers=1, progress=seen)\n"
        "    print('done', flush=True)\n"
        "except KeyboardInterrupt:\n    print('interrupted', flush=True)\n"
    )
    environment = {**os.environ, "GRANARY_PROGRESS_SECONDS": "0"}
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment)
    children = []

    def interrupt():
        deadline = time.monotonic() + 20
        while not children and time.monotonic() < deadline and process.poll() is None:
            children.extend(_children(process.pid))
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    output, _ = process.communicate(timeout=60)
    thread.join()
    assert children, "the program was not seen running"
    assert "interrupted" in output and "done" not in output
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    result = granary.agg(CONFIG, catalog=world / "c.parquet", store=tmp_path / "s.zarr", resume=True, progress=False)
    assert result["store_observations"] > 0


def _children(pid):
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
