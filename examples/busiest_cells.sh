#!/usr/bin/env bash
# Which parent cells have most granules, and the store of the busiest one alone: SQL in, cells out.
#
#   PATH=$PWD/dist:$PATH examples/busiest_cells.sh FOLDER    (after examples/map.sh FOLDER)
set -euo pipefail
cd "${1:?the folder of examples/map.sh}"
granary catalog sql catalog.parquet \
  "select cell, count(*) as granules from cells_at(6) group by cell order by granules desc, cell limit 5" \
  --format csv > busiest.csv
cell=$(sed -n 2p busiest.csv | cut -d, -f1)
granary aggregate -c atl06 --catalog catalog.parquet -o busiest.zarr --cells "6/$cell"
