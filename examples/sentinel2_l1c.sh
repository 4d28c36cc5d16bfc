#!/usr/bin/env bash
# Sentinel-2 L1C of a few tiles, followed at the Copernicus Data Space, downloaded, and served.
#
#   PATH=$PWD/dist:$PATH examples/sentinel2_l1c.sh FOLDER PHASE
#
#   transition   poll the catalogue and take what is pushed, at once: neither makes a granule twice
#   push         what is pushed alone; the catalogue is asked no more
#   serve        the catalog over HTTP, while one of the others goes on
#
# Each goes on until it is stopped. CDSE_USERNAME and CDSE_PASSWORD are who downloads, GRANARY_PUSH_USER and
# GRANARY_PUSH_PASSWORD who may push. A list of tiles in FOLDER/tiles.txt stays as it is. SERVICE names a service of
# the same interface elsewhere, EVERY how often is polled and published, START the first day.
set -euo pipefail
folder=${1:?a folder for what is made}
phase=${2:?transition, push or serve}
every=${EVERY:-5m}
port=${PORT:-8080}
mkdir -p "$folder"
cd "$folder"

if [ "$phase" = serve ]; then exec granary serve --catalog s2-l1c.live --port "$port"; fi

[ -e tiles.txt ] || printf '%s\n' '# MGRS tiles that are kept' 28PHQ 28PHR > tiles.txt
case $phase in
  transition) poll=true ;;
  push) poll=false ;;
  *) echo "$phase: no phase (transition, push or serve)" >&2; exit 2 ;;
esac
elsewhere=${SERVICE:+, url: $SERVICE/odata/v1/, download_url: $SERVICE/odata/v1/, token_url: $SERVICE/token}
cat > s2-l1c.yaml <<YAML
feed: s2-l1c
source: {from: cdse, collection: SENTINEL-2, product_type: S2MSI1C${elsewhere}}
follow: {start: ${START:-$(date -u -d yesterday +%F)}, poll: $poll}
keep: {tiles: tiles.txt, recent: 30d}
catalog: {to: s2-l1c.live}
download: {to: files}
push: {port: $port}
YAML
exec granary feed run s2-l1c.yaml --every "$every" --listen --download
