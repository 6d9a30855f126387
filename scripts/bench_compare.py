"""Ratios of two Google Benchmark JSON files, case by case: see bench_compare.sh."""

import argparse
import json
import statistics
import sys

NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9, "instructions": 1.0}


class BrokenFile(Exception):
    pass


def cases_of(path):
    """Name -> (value in nanoseconds or instructions, unit of instructions or not); the median of repetitions."""
    try:
        with open(path, encoding="utf-8") as file:
            runs = json.load(file)["benchmarks"]
    except OSError as error:
        raise BrokenFile(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenFile(
            f"{path} is not Google Benchmark's JSON (expected an object with 'benchmarks'): {error}") from error
    repeats, medians, counted = {}, {}, {}
    try:
        for run in runs:
            if run.get("error_occurred"):
                message = run.get("error_message")
                raise BrokenFile(f"{path}: {run['name']} did not run: {message}")
            value = float(run["real_time"]) * NANOSECONDS[run["time_unit"]]
            name = run.get("run_name", run["name"])
            counted[name] = run["time_unit"] == "instructions"
            if run.get("run_type") == "aggregate":
                if run.get("aggregate_name") == "median":
                    medians[name] = value
            else:
                repeats.setdefault(name, []).append(value)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise BrokenFile(f"{path}: a case without a readable name, real_time or time_unit: {error!r}") from error
    values = {name: statistics.median(each) for name, each in repeats.items()} | medians
    if not values:
        raise BrokenFile(f"{path} has no case in it")
    return {name: (value, counted[name]) for name, value in values.items()}


def shown(value, is_count):
    if is_count:
        return f"{value:,.0f} instr"
    for unit in ("s", "ms", "us"):
        if value >= NANOSECONDS[unit]:
            return f"{value / NANOSECONDS[unit]:.4g} {unit}"
    return f"{value:.4g} ns"


def compare(old, new, threshold):
    """Prints a line a case; returns the names that are slower than `threshold`."""
    slower = []
    width = max(map(len, old | new))
    print(f"{'case':<{width}}  {'old':>16}  {'new':>16}  new/old")
    for name in sorted(old | new):
        if name not in old or name not in new:
            only = "new" if name in new else "old"
            value = shown(*(new if name in new else old)[name])
            columns = f"{value if only == 'old' else '-':>16}  {value if only == 'new' else '-':>16}"
            print(f"{name:<{width}}  {columns}  only in the {only} file")
            continue
        if old[name][1] != new[name][1]:
            raise BrokenFile(f"{name} is counted in instructions in one file and timed in the other")
        ratio = new[name][0] / old[name][0] if old[name][0] > 0 else float("inf")
        if ratio > threshold:
            slower.append(name)
        mark = "  slower" if ratio > threshold else ""
        print(f"{name:<{width}}  {shown(*old[name]):>16}  {shown(*new[name]):>16}  {ratio:7.3f}{mark}")
    return slower


def threshold_of(text):
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


def main():
    parser = argparse.ArgumentParser(
        prog="bench_compare.sh",
        description="Exit code 1 when a case is slower than the threshold, 2 when a file is unreadable.")
    parser.add_argument("old", metavar="OLD.json")
    parser.add_argument("new", metavar="NEW.json")
    parser.add_argument("--threshold", type=threshold_of, default=1.1, help="largest new/old that passes (default 1.1)")
    arguments = parser.parse_args()
    try:
        old, new = cases_of(arguments.old), cases_of(arguments.new)
        slower = compare(old, new, arguments.threshold)
    except BrokenFile as error:
        print(f"bench_compare.sh: {error}", file=sys.stderr)
        return 2
    if not old.keys() & new.keys():
        print("bench_compare.sh: the files have no case in common", file=sys.stderr)
        return 2
    if slower:
        shared = len(old.keys() & new.keys())
        print(f"{len(slower)} of {shared} cases slower than {arguments.threshold} x: {', '.join(slower)}")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
