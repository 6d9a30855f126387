#!/usr/bin/env bash
# From a fresh clone to a trained, measured model and its report.
#
# usage: scripts/quickstart.sh [--cpu] [key=value ...]
#   --cpu       no CUDA: a smaller set-up and build, for machines that will not have an NVIDIA GPU
#   key=value   passed on to the training, for example training.epochs=5
#
# Three stages: set-up, build, training. Each can be repeated after a broken one; what is done is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

options=() overrides=()
for argument in "$@"; do
  case "$argument" in
    --cpu) options+=(--cpu) ;;
    -h|--help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "quickstart.sh: unknown option '$argument' (known: --cpu, --help)" >&2; exit 2 ;;
    *) overrides+=("$argument") ;;
  esac
done

started=$SECONDS
echo "[1/3] set-up: packages, LibTorch, Arrow"
scripts/setup.sh "${options[@]}"
echo "[2/3] build: build/release/bin/equipoise"
scripts/build.sh "${options[@]}" equipoise
echo "[3/3] training: configs/adult_equalized_odds.yaml"
build/release/bin/equipoise train configs/adult_equalized_odds.yaml "${overrides[@]}"
echo "all of it took $((SECONDS - started)) s"
