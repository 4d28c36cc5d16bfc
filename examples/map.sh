#!/usr/bin/env bash
# Simulated granules to a map, step by step: a store of two levels, what lies in it, and a picture.
#
#   PATH=$PWD/dist:$PATH examples/map.sh FOLDER
set -euo pipefail
folder=${1:?a folder for what is made}
mkdir -p "$folder"
cd "$folder"
granary simulate granules --granules 4 --rows 2000
granary catalog build --from local granules -o catalog.parquet
granary aggregate -c atl06 --catalog catalog.parquet -o store.zarr --levels 8,12
granary inspect store.zarr
granary plot store.zarr --variable h_mean --order 8 -o map.png
