#!/usr/bin/env bash
# Counts the instructions of the CPU kernels on small batches, under callgrind: a figure that the load of the machine does not
# change, for scripts/bench_compare.sh --threshold 1.02 OLD.json NEW.json.
#
# usage: scripts/bench_instructions.sh [--program FILE] --output FILE.json
#   --program FILE   default: build/release/bin/kernels_benchmark (scripts/build.sh --benchmarks)
#
# One thread; valgrind knows no AVX-512, so it is the AVX2 code that is counted. Without valgrind it says so and ends with 77.
set -euo pipefail
cd "$(dirname "$0")/.."

program=build/release/bin/kernels_benchmark output=
while [ $# -gt 0 ]; do
  case "$1" in
    --program|--output)
      [ $# -ge 2 ] || { echo "bench_instructions.sh: $1 needs a path" >&2; exit 2; }
      if [ "$1" = --program ]; then program=$2; else output=$2; fi
      shift ;;
    -h|--help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "bench_instructions.sh: unknown option '$1' (known: --program, --output, --help)" >&2; exit 2 ;;
  esac
  shift
done
[ -n "$output" ] || { echo "bench_instructions.sh: --output FILE.json is missing" >&2; exit 2; }
[ -x "$program" ] || { echo "bench_instructions.sh: no program at $program: scripts/build.sh --benchmarks" >&2; exit 2; }
command -v valgrind >/dev/null || { echo "skipped: valgrind is not installed, so no instruction was counted"; exit 77; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# A case calls its op once to check the answer and, with so little time asked for, once more.
cases='N:4096|draw_(epoch|uniform)/4096|gather/4096|price|activate|encoded_linear/(forward|backward)'
if ! OMP_NUM_THREADS=1 valgrind --tool=callgrind --callgrind-out-file="$folder/counts" \
    "$program" --benchmark_min_time=1e-9 --benchmark_filter="$cases" >"$folder/log" 2>&1; then
  tail -n 20 "$folder/log" >&2
  echo "bench_instructions.sh: $program failed under valgrind" >&2
  exit 2
fi
# The typed function of each op, with all that it calls.
callgrind_annotate --inclusive=yes --threshold=100 "$folder/counts" |
  sed -n -E "s/^ *([0-9,]+) .*[:?]equipoise::kernels::([a-z_]+)\(at::Tensor.*/\2 \1/p" | tr -d , |
  awk '{count[$1] += $2}
    END {
      printf "{\n  \"benchmarks\": ["
      for (name in count)
        printf "%s\n    {\"name\": \"%s\", \"real_time\": %d, \"time_unit\": \"instructions\"}", (seen++ ? "," : ""), name, count[name]
      print "\n  ]\n}"
    }' >"$folder/counts.json"
grep -q '"name"' "$folder/counts.json" || { echo "bench_instructions.sh: no op was seen by callgrind" >&2; exit 2; }
mkdir -p "$(dirname "$output")"
cp "$folder/counts.json" "$output"
echo "$output: $(grep -c '"name"' "$output") ops"
