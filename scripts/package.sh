#!/usr/bin/env bash
# Packs the built program into one archive that runs from any folder of any x86-64 Linux with glibc 2.36 and torch 2.11.
#
# usage: scripts/package.sh [--cpu] [--built FOLDER] [--output FILE]
#   --cpu            builds without CUDA: runs with any torch 2.11, on the CPU
#   --built FOLDER   packs what was built there, and builds nothing
#   --output FILE    default: build/equipoise-VERSION-linux-x86_64.tar.gz
#
# In it: the program, its kernels, the libraries they need beyond torch and the C++ runtime, configs, the Adult data.
# On the other machine: tar xf FILE, then equipoise-VERSION-linux-x86_64/equipoise [--torch PATH] COMMAND...
set -euo pipefail
cd "$(dirname "$0")/.."

options=() built= output=
while [ $# -gt 0 ]; do
  case "$1" in
    --cpu) options+=(--cpu) ;;
    --built|--output)
      [ $# -ge 2 ] || { echo "package.sh: $1 needs a path" >&2; exit 2; }
      if [ "$1" = --built ]; then built=$2; else output=$2; fi
      shift ;;
    -h|--help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "package.sh: unknown option '$1' (known: --cpu, --built, --output, --help)" >&2; exit 2 ;;
  esac
  shift
done
command -v patchelf >/dev/null || { echo "package.sh: patchelf is missing: run scripts/setup.sh" >&2; exit 2; }
if [ -z "$built" ]; then
  scripts/setup.sh "${options[@]}"
  scripts/build.sh "${options[@]}" equipoise
  built=build/release
fi
[ -x "$built/bin/equipoise" ] || { echo "package.sh: no program at $built/bin/equipoise: build it first" >&2; exit 2; }

say() { printf '[package] %s\n' "$*"; }
version=$(sed -n 's/^project(equipoise VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
name=equipoise-$version-linux-x86_64
output=${output:-build/$name.tar.gz}
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
top=$stage/$name
mkdir -p "$top/libexec" "$top/lib" "$top/licenses" "$top/benchmarks/data" "$(dirname "$output")"

install -m 755 scripts/package/equipoise.sh "$top/equipoise"
install -m 755 "$built/bin/equipoise" "$top/libexec/equipoise"
cp "$built/lib/libequipoise_kernels.so" "$built/lib/libequipoise_early.so" "$top/lib/"
# What calls NCCL, where it was built.
if [ -f "$built/lib/libequipoise_nccl.so" ]; then cp "$built/lib/libequipoise_nccl.so" "$top/lib/"; fi
cp -r configs "$top/configs"
cp -r benchmarks/data/. "$top/benchmarks/data"
rm -rf "$top/configs/runs"
cp LICENSE "$top/"

# Everything the program loads, less torch and CUDA (the other machine's) and the C and C++ runtimes (part of every Linux).
theirs='/(libtorch|libc10|libgomp|libcudart|libcu|libnv|libnccl|ld-linux)[^/]*$'
runtimes='/(libc|libm|libdl|librt|libutil|libpthread|libstdc\+\+|libgcc_s)\.so\.[0-9]+$'
while read -r library; do
  cp -L "$library" "$top/lib/"
  # What they are licensed under, from where they came.
  file=$(readlink -f "$library")  # which the package may know by its name from before /lib became a link to /usr/lib
  if package=$(dpkg-query -S "$file" 2>/dev/null || dpkg-query -S "${file#/usr}" 2>/dev/null); then
    package=${package%%:*}
    cp -L "/usr/share/doc/$package/copyright" "$top/licenses/$package.txt"
  elif [[ "$library" == */pyarrow/* ]]; then
    for text in "$(dirname "$library")"/../pyarrow-*.dist-info/licenses/*.txt; do
      cp "$text" "$top/licenses/arrow-$(basename "$text")"
    done
  else
    say "no package owns $library: its licence is missing from licenses/"
  fi
done < <(ldd "$built/bin/equipoise" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' |
         grep -v -E "$theirs|$runtimes|/libequipoise_(kernels|early)\.so$")
# Opened when a config asks for trees; beside it the OpenMP that it names, whose part LibTorch's does.
site=$(echo .deps/venv/lib/python*/site-packages)
if [ -f "$site/xgboost/lib/libxgboost.so" ]; then
  cp "$site/xgboost/lib/libxgboost.so" "$site"/xgboost_cpu.libs/libgomp-*.so* "$top/lib/"
  cp /usr/share/common-licenses/Apache-2.0 "$top/licenses/xgboost.txt"
  cp /usr/share/doc/libgomp1/copyright "$top/licenses/libgomp.txt" 2>/dev/null || cp /usr/share/doc/gcc-12-base/copyright "$top/licenses/libgomp.txt"
fi
# Compiled in from headers, under the MPL.
cp -L /usr/share/doc/libeigen3-dev/copyright "$top/licenses/libeigen3-dev.txt"

if ldd "$top/lib/libequipoise_kernels.so" | grep -q libcudart; then touch "$top/lib/needs-cuda"; fi
strip --strip-unneeded "$top/libexec/equipoise" "$top"/lib/*.so*
# The folders of this machine leave no trace; torch's is the launcher's business.
patchelf --set-rpath '$ORIGIN/../lib' "$top/libexec/equipoise"
for library in "$top"/lib/*.so*; do patchelf --set-rpath '$ORIGIN' "$library"; done

# The newest symbols asked of glibc: what the other machine must have.
glibc=$(objdump -T "$top/libexec/equipoise" "$top"/lib/*.so* | grep -o 'GLIBC_2\.[0-9]*' | sort -u -V | tail -n 1)
tar -C "$stage" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -n >"$output"
say "$output: $(du -k "$output" | cut -f1) KiB, needs ${glibc/_/ }, torch 2.11$([ -f "$top/lib/needs-cuda" ] && echo ' with CUDA 13')"
