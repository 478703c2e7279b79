#!/usr/bin/env bash
# Writes the boards of the records in this folder anew, as today's code has them: `make boards`.
# Numbers change where the code of the boards does; the records are never changed.
set -euo pipefail
cd "$(dirname "$0")"
export COLUMNS=130 PRIORBENCH_CACHE=off
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

board() { # board COMMAND RECORDS OUTPUT [OPTION...]: of records, zipped or not, into a file
  local command=$1 records=$2 output=$3
  local store=$scratch/${records//\//-}.db
  shift 3
  if [ ! -e "$store" ]; then
    gunzip --stdout --force "$records" > "$scratch/records.jsonl"
    priorbench import "$scratch/records.jsonl" --store "$store" > "$scratch/told" || { cat "$scratch/told"; exit 1; }
  fi
  priorbench "$command" --store "$store" -o "$output" "$@"
}

board leaderboard standard-small.jsonl standard-small.md
board leaderboard standard-small.jsonl standard-small.html
cd early-stopping
board leaderboard records.jsonl.gz leaderboard.md
board rules records.jsonl.gz rules.md
board targets records.jsonl.gz targets.md
board leaderboard all-records.jsonl.gz all-leaderboard.md
board rules all-records.jsonl.gz all-rules.md
board targets all-records.jsonl.gz all-targets.md --target noisy+3 --target noisy+6 --target bm3d-3 --target bm3d-1
board rules clipped-records.jsonl.gz clipped-rules.md
board leaderboard fast-256-records.jsonl.gz fast-256-leaderboard.md
