#!/usr/bin/env bash
# Sets up, builds the tests, runs all of them.
#
# usage: scripts/test.sh [--cpu | --gpu-trees] [--sanitize] [ctest arguments...]
#   --cpu        no CUDA
#   --gpu-trees  with an XGBoost that has CUDA, so that a machine with a GPU tests trees on it too
#   --sanitize   the preset with AddressSanitizer and UndefinedBehaviorSanitizer instead (CPU only)
set -euo pipefail
cd "$(dirname "$0")/.."

options=() gpu_trees=() sanitize=0 arguments=()
for argument in "$@"; do
  case "$argument" in
    --cpu) options+=(--cpu) ;;
    --gpu-trees) gpu_trees=(--gpu-trees) ;;
    --sanitize) sanitize=1 ;;
    -h|--help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) arguments+=("$argument") ;;
  esac
done

tests=(--tests)
if [ "$sanitize" = 1 ]; then options=(--cpu) gpu_trees=() tests=(); fi
# What only tests need may be missing: those say so.
scripts/setup.sh "${options[@]}" "${gpu_trees[@]}" "${tests[@]}"
if [ "$sanitize" = 0 ]; then scripts/setup_tracking.sh || echo "[tracking] not installed: its tests will be skipped"; fi
if [ "$sanitize" = 1 ]; then
  cmake --preset sanitize
  ninja -C build/sanitize -j "${EQUIPOISE_JOBS:-2}"
  ctest --preset sanitize "${arguments[@]}"
  log=build/sanitize/Testing/Temporary/LastTest.log
else
  scripts/build.sh "${options[@]}" --tests
  ctest --preset release "${arguments[@]}"
  log=build/release/Testing/Temporary/LastTest.log
fi
# A program's tests pass together, so what was skipped among them, and why, would not be seen.
awk '/: Skipped$/ { getline; print }' "$log" | sort | uniq -c | sed 's/^ *\([0-9]*\) /skipped \1: /'
