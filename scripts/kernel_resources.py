#!/usr/bin/env python3
"""Registers and local memory of every CUDA kernel, as ptxas reported them when the objects were compiled.

usage: kernel_resources.py [--json] BUILD_FOLDER

Local memory is device memory: a kernel that spills to it reads and writes more bytes than its contract says. Exit code 1 when
a kernel has a stack frame or spills and is not in EXCEPTIONS, 77 when the build has no CUDA kernels, 2 when its reports are
incomplete.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

# Part of a kernel's demangled name -> (bytes of local memory allowed, why). Empty: no kernel needs any.
EXCEPTIONS = {}

ENTRY = re.compile(r"Compiling entry function '(\S+)' for '(\S+)'")
PROPERTIES = re.compile(r"Function properties for (\S+)")
FRAME = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers(.*)")
SHARED = re.compile(r"(\d+) bytes smem")


def kernels_in(report):
    """The entry functions of one .ptxas file; device functions that are not inlined count with their own names."""
    kernels, architecture, current = [], "", None
    for line in report.splitlines():
        if entry := ENTRY.search(line):
            architecture = entry[2]
        elif properties := PROPERTIES.search(line):
            current = {"name": properties[1], "architecture": architecture, "registers": 0, "shared": 0}
            kernels.append(current)
        elif (frame := FRAME.search(line)) and current is not None:
            current.update(stack=int(frame[1]), spill_stores=int(frame[2]), spill_loads=int(frame[3]))
        elif (used := USED.search(line)) and current is not None:
            current["registers"] = int(used[1])
            if shared := SHARED.search(used[2]):
                current["shared"] = int(shared[1])
    return kernels


def demangled(names):
    if not names or not shutil.which("c++filt"):
        return names
    text = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    return [re.sub(r"equipoise::kernels::|\(anonymous namespace\)::", "", line) for line in text.splitlines()]


def local_bytes(kernel):
    return max(kernel["stack"], kernel["spill_stores"], kernel["spill_loads"])


def excess(kernel, exceptions):
    """Bytes of local memory that nothing explains."""
    allowed = max((count for part, (count, _) in exceptions.items() if part in kernel["name"]), default=0)
    return max(0, local_bytes(kernel) - allowed)


def collect(folder):
    """All kernels of a build folder, and what is missing from its reports."""
    kernels, gaps = [], []
    for code in sorted(folder.rglob("*.cu.o")):
        report = code.with_name(code.name + ".ptxas")
        found = kernels_in(report.read_text()) if report.exists() else []
        if not found:
            gaps.append(f"{code} has no ptxas report with a kernel in it beside it: compile it again")
        for kernel in found:
            if "stack" not in kernel:
                gaps.append(f"{report}: no stack frame is told for {kernel['name']}")
        kernels += found
    for kernel, name in zip(kernels, demangled([kernel["name"] for kernel in kernels])):
        kernel["name"] = name
    return kernels, gaps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, metavar="BUILD_FOLDER")
    parser.add_argument("--json", action="store_true", help="print a list of kernels instead of a table")
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        print(f"kernel_resources.py: no folder {arguments.folder}", file=sys.stderr)
        return 2
    kernels, gaps = collect(arguments.folder)
    if gaps:
        print("\n".join(f"kernel_resources.py: {gap}" for gap in gaps), file=sys.stderr)
        return 2
    if not kernels:
        print(f"skipped: {arguments.folder} has no CUDA objects (a build without CUDA)")
        return 77
    if arguments.json:
        print(json.dumps(kernels))
    else:
        print(f"{'registers':>9} {'shared':>6} {'stack':>5} {'spills':>6}  kernel")
        for kernel in kernels:
            spills = kernel["spill_stores"] + kernel["spill_loads"]
            print(f"{kernel['registers']:>9} {kernel['shared']:>6} {kernel['stack']:>5} {spills:>6}  {kernel['name']}")
    guilty = [kernel for kernel in kernels if excess(kernel, EXCEPTIONS)]
    for kernel in guilty:
        print(f"kernel_resources.py: {kernel['name']} keeps {local_bytes(kernel)} bytes in local memory "
              f"({kernel['architecture']}, {kernel['registers']} registers), expected none", file=sys.stderr)
    return 1 if guilty else 0


if __name__ == "__main__":
    sys.exit(main())
