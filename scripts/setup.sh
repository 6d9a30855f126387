#!/usr/bin/env bash
# Installs what building Equipoise needs, and nothing that is there already.
#
# usage: scripts/setup.sh [--cpu | --gpu-trees] [--tests]
#   --cpu         no CUDA: leaves out the CUDA libraries and the compiler (2 GB less on disk, no GPU support)
#   --gpu-trees   also an XGBoost that was built with CUDA, for boosted trees on a GPU (.25 GB more); build again after it
#   --tests       also what tests alone need (.1 GB more, and Slurm in a container); where it cannot be had they are skipped
#
# Stages, each skipped when its result is there and repeated after a broken attempt:
#   1. Debian/Ubuntu packages      (as root; otherwise prints the one line to run)
#   2. .deps/venv                  (LibTorch, Arrow and XGBoost, pinned and hashed: scripts/requirements/*.txt)
#   3. the CUDA compiler           (from pinned wheels, only when no nvcc 13 is on this machine)
#   4. .deps/gpu_trees             (asked for by --gpu-trees; once there, kept as new as the rest)
set -euo pipefail
cd "$(dirname "$0")/.."

cuda=1 gpu_trees=0 tests=0
for argument in "$@"; do
  case "$argument" in
    --cpu) cuda=0 ;;
    --gpu-trees) gpu_trees=1 ;;
    --tests) tests=1 ;;
    -h|--help) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "setup.sh: unknown option '$argument' (known: --cpu, --gpu-trees, --tests, --help)" >&2; exit 2 ;;
  esac
done
if [ "$cuda" = 0 ] && [ "$gpu_trees" = 1 ]; then
  echo "setup.sh: --cpu leaves out what --gpu-trees needs; give one of them" >&2
  exit 2
fi

say() { printf '[setup] %s\n' "$*"; }
started=$SECONDS

packages=(g++ cmake ninja-build ccache mold python3-venv libyaml-cpp-dev libcli11-dev nlohmann-json3-dev
          libfmt-dev libssl-dev libboost-math-dev libgtest-dev libgmock-dev libbenchmark-dev
          libeigen3-dev coinor-libclp-dev libvalijson-dev rapidjson-dev librsvg2-bin patchelf libgloo-dev libcurl4-openssl-dev libprotozero-dev
          libpng-dev libturbojpeg0-dev)
is_installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'; }
missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ]; then
    say "these packages are missing; run this line, then start again:"
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
    exit 2
  fi
  say "packages: installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
say "packages: all there"

# A Slurm for the test that starts one of its own. The packages bring services: where an init is there to start them, whoever administrates the
# machine decides.
has_init() { [ -d /run/systemd/system ] || [ -d /run/openrc ] || { command -v runlevel && runlevel; } >/dev/null 2>&1; }
slurm=(slurm-wlm munge)
if [ "$tests" = 1 ] && ! { is_installed slurm-wlm && is_installed munge; }; then
  if [ "$(id -u)" -ne 0 ] || has_init; then
    say "Slurm (tests): not there, its test will be skipped; to have it: sudo apt-get install -y --no-install-recommends ${slurm[*]}"
  else
    say "Slurm (tests): installing ${slurm[*]}"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${slurm[@]}"; } >/dev/null ||
      say "Slurm (tests): not installed: its test will be skipped"
  fi
fi

venv=.deps/venv
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
  # The distribution's own interpreter first: others on the path may lack the venv module.
  python=/usr/bin/python3; [ -x "$python" ] || python=$(command -v python3)
  "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || {
    say "Python 3.11 to 3.13 is needed for the pinned wheels; $python is $("$python" --version)"; exit 2; }
  say "virtual environment: making $venv with $("$python" --version)"
  rm -rf "$venv"
  "$python" -m venv "$venv"
fi

# One stamp a file: a changed pin, or an install that was cut off, is done again; anything else is skipped.
# Further arguments are pip's.
install_wheels() {
  local list=scripts/requirements/$1.txt stamp=$venv/.installed-$1 digest
  digest=$(sha256sum "$list" | cut -d' ' -f1)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$digest" ]; then
    say "wheels ($1): all there"
    return
  fi
  say "wheels ($1): installing $2"
  rm -f "$stamp"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --no-compile "${@:3}" -r "$list" || return
  printf '%s\n' "$digest" >"$stamp"
}
install_wheels cpu "LibTorch 2.11, Arrow 26 and XGBoost 3.2 (about 1.5 GB on disk)"
if [ "$cuda" = 1 ]; then
  install_wheels cuda "the CUDA 13 libraries LibTorch links to (about 3 GB on disk)"
  nvcc=$(command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null || true)
  if [ -n "$nvcc" ] && "$nvcc" --version | grep -q 'release 13'; then
    say "CUDA compiler: $nvcc"
  else
    install_wheels nvcc "the CUDA 13 compiler (no nvcc 13 on this machine)"
  fi
fi
# The build finds it first where it is, so it is kept as new as the other.
if [ "$cuda" = 1 ] && [ -d .deps/gpu_trees ]; then gpu_trees=1; fi
if [ "$gpu_trees" = 1 ]; then
  [ -f .deps/gpu_trees/xgboost/lib/libxgboost.so ] || rm -f "$venv/.installed-gpu_trees"
  install_wheels gpu_trees "XGBoost 3.2 with CUDA (.25 GB on disk)" --target .deps/gpu_trees --upgrade
fi
if [ "$tests" = 1 ]; then
  install_wheels tests "the schema of Kubernetes' files (.1 GB on disk)" || say "wheels (tests): not installed: their tests will be skipped"
fi
say "done in $((SECONDS - started)) s"
