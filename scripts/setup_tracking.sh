#!/usr/bin/env bash
# Installs what the tests of tracking read runs back with into .deps/tracking: TensorBoard, an MLflow server and a Prometheus
# parser, pinned and hashed (scripts/requirements/tracking.txt). Without them those tests are skipped, and say so.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '[tracking] %s\n' "$*"; }
started=$SECONDS
venv=.deps/tracking list=scripts/requirements/tracking.txt
digest=$(sha256sum "$list" | cut -d' ' -f1)
if [ -f "$venv/.installed" ] && [ "$(cat "$venv/.installed")" = "$digest" ]; then
  say "all there"
  exit 0
fi
say "installing TensorBoard and MLflow for the tests"
rm -rf "$venv"
python=/usr/bin/python3; [ -x "$python" ] || python=$(command -v python3)
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$list"
printf '%s\n' "$digest" >"$venv/.installed"
say "done in $((SECONDS - started)) s"
