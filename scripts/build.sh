#!/usr/bin/env bash
# Configures and builds the release preset in build/release, and says how far it is.
#
# usage: scripts/build.sh [--cpu] [--tests] [--benchmarks] [TARGET...]
set -euo pipefail
cd "$(dirname "$0")/.."

cuda=ON tests=OFF benchmarks=OFF targets=()
for argument in "$@"; do
  case "$argument" in
    --cpu) cuda=OFF ;;
    --tests) tests=ON ;;
    --benchmarks) benchmarks=ON ;;
    -h|--help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "build.sh: unknown option '$argument' (known: --cpu, --tests, --benchmarks, --help)" >&2; exit 2 ;;
    *) targets+=("$argument") ;;
  esac
done
# Set-up without CUDA leaves no CUDA libraries to link: the same choice must hold for the build.
[ -f .deps/venv/.installed-cuda ] || cuda=OFF

say() { printf '[build] %s\n' "$*"; }
started=$SECONDS
mkdir -p build
configure=(cmake --preset release -DEQUIPOISE_CUDA=$cuda)
# What was built before stays built: a quickstart after a test run does not throw the tests away.
[ "$tests" = ON ] && configure+=(-DEQUIPOISE_TESTS=ON)
[ "$benchmarks" = ON ] && configure+=(-DEQUIPOISE_BENCHMARKS=ON)
say "configuring (CUDA $cuda)"
if ! "${configure[@]}" >build/configure.log 2>&1; then
  tail -n 30 build/configure.log >&2
  say "configuring failed; the whole log is build/configure.log"
  exit 1
fi
say "compiling, two jobs at a time"
compile() { NINJA_STATUS='[build] %f/%t ' ninja -C build/release -j "${EQUIPOISE_JOBS:-2}" "${targets[@]}"; }
# On a terminal ninja rewrites one line; elsewhere every 25th step is enough. The log has all of it.
if [ -t 1 ]; then
  compile
elif ! compile 2>&1 | tee build/build.log | awk '/^\[build\]/ && ++steps % 25 == 0 {print; fflush()}'; then
  grep -n -m 1 -A 40 '^FAILED' build/build.log >&2 || tail -n 40 build/build.log >&2
  say "compiling failed; the whole log is build/build.log"
  exit 1
fi
say "done in $((SECONDS - started)) s"
