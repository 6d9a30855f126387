#!/usr/bin/env python3
"""Refuses an #include that goes from a room of engine/ to a later one, or from kernels/ into engine/.

usage: check_room_order.py SOURCE_DIR room,room,...     (the order in which data flows)
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*"engine/(\w+)/')


def wrong_includes(root, order):
    for path in sorted([*root.glob("engine/*/*.h"), *root.glob("engine/*/*.cpp"), *root.glob("kernels/**/*.*")]):
        room = path.parent.name if path.parts[len(root.parts)] == "engine" else None
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            other = found.group(1)
            if room is None:
                yield f"{path}:{number}: kernels/ must not know engine/{other}"
            elif other not in order:
                yield f"{path}:{number}: engine/{other} is not a room (scripts/cmake/Rooms.cmake lists them)"
            elif order.index(other) > order.index(room):
                yield f"{path}:{number}: engine/{room} must not use engine/{other}, which comes after it"


if __name__ == "__main__":
    lines = list(wrong_includes(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2].split(",")))
    print("\n".join(lines), end="\n" if lines else "")
    sys.exit(bool(lines))
