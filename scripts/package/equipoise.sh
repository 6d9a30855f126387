#!/bin/sh
# Starts Equipoise from an unpacked package, with the torch of this machine.
#
# usage: equipoise [--torch PATH] COMMAND...
#   --torch PATH   the folder of torch 2.11 (…/site-packages/torch, or the folder it lies in); also: EQUIPOISE_TORCH=PATH.
#                  Without it, the torch that python3 would import.
here=$(dirname "$(readlink -f "$0")")

fail() {
  echo "equipoise: $1" >&2
  exit 2
}

asked=${EQUIPOISE_TORCH:-}
case "${1:-}" in
  --torch)
    [ $# -ge 2 ] || fail "--torch needs a path: the folder of torch 2.11"
    asked=$2
    shift 2
    ;;
  --torch=*)
    asked=${1#--torch=}
    shift
    ;;
esac

if [ -z "$asked" ]; then
  command -v python3 >/dev/null 2>&1 || fail "no python3 to ask for torch 2.11: install torch, or pass --torch PATH"
  # Found, not imported: importing torch takes seconds.
  asked=$(python3 -c 'import importlib.util, os
spec = importlib.util.find_spec("torch")
print(os.path.dirname(spec.origin) if spec and spec.origin else "")')
  [ -n "$asked" ] || fail "$(command -v python3) has no torch: install torch 2.11, or pass --torch PATH"
fi
torch=
for folder in "$asked" "$asked/torch" "${asked%/lib}"; do
  if [ -f "$folder/lib/libtorch_cpu.so" ]; then torch=$(cd "$folder" && pwd -P) && break; fi
done
[ -n "$torch" ] || fail "no torch in '$asked': expected lib/libtorch_cpu.so or torch/lib/libtorch_cpu.so in it"
version=$(sed -n "s/^__version__ = '\(.*\)'.*/\1/p" "$torch/version.py" 2>/dev/null)
case "$version" in
  2.11.*) ;;
  # The C++ side of torch changes from version to version.
  *) fail "torch in $torch is ${version:-of an unknown version}: this package was built for 2.11" ;;
esac

libraries=$torch/lib
if [ -f "$here/lib/needs-cuda" ]; then
  [ -f "$torch/lib/libc10_cuda.so" ] ||
    fail "torch in $torch is built without CUDA: install the one with CUDA 13, or use a package made with --cpu"
  # The CUDA runtime lies beside torch when pip brought it; elsewhere the loader has to know where.
  if [ -d "$torch/../nvidia/cu13/lib" ]; then libraries=$libraries:$(cd "$torch/../nvidia/cu13/lib" && pwd -P); fi
fi
LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
exec "$here/libexec/equipoise" "$@"
