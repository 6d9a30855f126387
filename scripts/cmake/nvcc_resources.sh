#!/usr/bin/env bash
# Runs a CUDA compile and keeps what ptxas says of registers and spills in OBJECT.ptxas, for scripts/kernel_resources.py;
# the compiler's other words go on to the terminal. Stands before ccache, which gives back the words of a cached compile.
#
# usage: scripts/cmake/nvcc_resources.sh COMPILER... -o OBJECT ...
object=
for ((i = 1; i < $#; ++i)); do
  if [ "${!i}" = -o ]; then next=$((i + 1)); object=${!next}; fi
done
words=$(mktemp)
trap 'rm -f "$words"' EXIT
"$@" 2>"$words"
status=$?
about_resources='^ptxas info|bytes stack frame'
if [ "$status" -eq 0 ] && [ -n "$object" ]; then
  grep -E "$about_resources" "$words" >"$object.ptxas"
fi
grep -v -E "$about_resources" "$words" >&2
exit "$status"
