#!/usr/bin/env bash
# Checks and measures the kernels on this machine's GPU, and writes what was found to one JSON file.
#
# usage: scripts/gpu_check.sh --output FILE.json [--build FOLDER | --built FOLDER] [--step-benchmark PROGRAM]
#                           [--min-time SECONDS] [--build-only]
#   --output FILE    where the JSON goes
#   --build FOLDER   default: build/gpu_check
#   --built FOLDER   checks what was built elsewhere: bin/, CMakeCache.txt and the compiler's reports (*.ptxas) of a build
#   --step-benchmark PROGRAM
#                    also times training steps with this program: the whole project's build makes it
#   --min-time SECONDS
#                    of each benchmark's case (default .05)
#   --build-only     builds for the GPU or, without one, for compute capability 9.0; runs what needs no GPU; writes nothing
#
# Needs python3 with torch 2.11 (EQUIPOISE_PYTHON names another one), CMake, Ninja, a C++20 compiler and nvcc 13. Builds
# kernels/ alone, runs every CUDA test, compute-sanitizer on the small ones where it is installed, then the benchmarks.
# Exit code 0 when all of it passed, 1 when something did not (the JSON says what), 2 when it could not be tried.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in -h|--help) sed -n '2,17s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

python=${EQUIPOISE_PYTHON:-}
if [ -z "$python" ]; then
  python=.deps/venv/bin/python
  [ -x "$python" ] || python=$(command -v python3) || { echo "gpu_check.sh: no python3 on this machine" >&2; exit 2; }
fi
for tool in cmake ninja; do
  command -v $tool >/dev/null || { echo "gpu_check.sh: $tool is missing: pip install $tool, or the system's package" >&2; exit 2; }
done
exec "$python" scripts/gpu_check.py "$@"
