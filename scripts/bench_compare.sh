#!/usr/bin/env bash
# Compares two runs of the benchmarks and says what became slower.
#
# usage: scripts/bench_compare.sh [--threshold 1.1] OLD.json NEW.json
#   OLD.json, NEW.json   of --benchmark_format=json or --benchmark_out=FILE, or of scripts/bench_instructions.sh
#   --threshold RATIO    exit code 1 when a case's new/old is above it (default 1.1)
#
# The median counts where a case has repetitions. A case in only one of the files is named and not judged. Exit code 2 when a
# file cannot be read or they share no case.
set -euo pipefail
folder=$(dirname "$0")
case "${1:-}" in -h|--help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
exec python3 "$folder/bench_compare.py" "$@"
