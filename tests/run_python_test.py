"""Runs one file of Python tests with unittest, or says why it cannot: exit code 77 is CTest's "skipped"."""
import importlib.util
import os
import pathlib
import sys
import unittest

SKIPPED = 77


def reason_to_skip():
    if os.environ.get("EQUIPOISE_SANITIZED") == "ON":
        return "a library built with AddressSanitizer needs a Python that was started with it"
    if importlib.util.find_spec("torch") is None:
        return f"{sys.executable} has no torch (scripts/setup.sh installs it)"
    return None


def main():
    reason = reason_to_skip()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    file = pathlib.Path(sys.argv[1])
    sys.path.insert(0, str(file.parent))
    unittest.main(module=file.stem, argv=[file.name, "--verbose", *sys.argv[2:]])


if __name__ == "__main__":
    main()
