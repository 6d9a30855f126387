#!/usr/bin/env python3
"""Equipoise beside Fairlearn, Cooper, humancompatible-train, fairret, FairGBM, OxonFair, LightGBM and XGBoost: same rows, splits, seeds, tolerances.

usage: compare_libraries.py [run|report|set-up|status] [--results FOLDER] [--task NAME ...] [--method NAME ...] [--constraint NAME ...]
                            [--seeds N,N] [--time-out SECONDS] [--again] [--equipoise PROGRAM] [--environments FOLDER] [--docs FOLDER]

run (the default) makes the environments where they are missing (.deps/peers and, for FairGBM, which needs an older scikit-learn,
.deps/peers_fairgbm; pinned by requirements*.txt beside this; torch is that of .deps/venv, which scripts/setup.sh makes), then runs every job
that RESULTS lacks, one at a time on one thread, and writes one line of JSON for each that is done. It takes hours, may be killed at any time and
goes on where it was; a failure is a result, tried again with --again. report writes docs/benchmarks.md and its pictures from what is there.
Tasks, splits and settings: libraries/tasks.py and libraries/methods.py.
"""
import argparse
import hashlib
import importlib.util
import os
import pathlib
import platform
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
PROJECT = ROOT / ".deps" / "venv"
ENVIRONMENTS = ("", "_fairgbm")
NO_PROJECT = "compare_libraries.py: .deps/venv is missing, whose numpy and torch this needs; run scripts/setup.sh first"


def set_up(folder, name=""):
    """A pinned environment, made once for each content of its list; returns its Python."""
    listed, environment = HERE / f"requirements{name}.txt", folder / f"peers{name}"
    stamp, python = environment / ".installed", environment / "bin" / "python"
    digest = hashlib.sha256(listed.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return python
    if not (PROJECT / "bin" / "python").exists():
        sys.exit(NO_PROJECT)
    print(f"environment: installing {environment}", flush=True)
    subprocess.run([PROJECT / "bin" / "python", "-m", "venv", "--clear", environment], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", listed], check=True)
    site = next((environment / "lib").glob("python3.*")) / "site-packages"
    torch = next((PROJECT / "lib").glob("python3.*")) / "site-packages"
    (site / "project.pth").write_text(f"{torch}\n")
    stamp.write_text(digest)
    return python


def machine():
    """The processor's name and the number of cores."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines() if pathlib.Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {len(names) or 1} cores"


def spoken(seconds):
    return f"{seconds / 3600:.1f} h" if seconds > 5400 else f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"


def expected(found, unit):
    """Seconds that this unit may take: what its method took on this task, else on any."""
    taken = {}
    for job in found.values():
        if "seconds" in job and job["method"] == unit["method"]:
            taken.setdefault(job["task"], []).append(job["seconds"])
    each = taken.get(unit["task"]) or [second for seconds in taken.values() for second in seconds] or [20]
    return sum(each) / len(each) * len(unit["tolerances"])


def to_do(options, jobs, found):
    chosen = list(jobs.units(options.task, options.method, options.seeds, options.constraint))
    return chosen, [unit for unit in (jobs.still_to_do(unit, found) for unit in chosen) if unit]


def run(options, jobs, methods):
    pythons = {name: set_up(options.environments, name) for name in ENVIRONMENTS}
    options.machine = machine()
    found = jobs.read(options.results)
    if options.again:
        found = {key: job for key, job in found.items() if "failed" not in job}
    _, waiting = to_do(options, jobs, found)

    def write(finished):
        jobs.append(options.results, finished)
        found.update((jobs.key(job), job) for job in finished)

    for i, unit in enumerate(waiting):
        left = sum(expected(found, other) for other in waiting[i:])
        print(f"{i + 1} of {len(waiting)}, about {spoken(left)} left: {unit['task']} {unit['constraint'] or 'no constraint'} {unit['method']} "
              f"seed {unit['seed']}", end=" ", flush=True)
        started = time.perf_counter()
        failed = jobs.run(unit, jobs.worker_command(pythons[methods.METHODS[unit["method"]].environment]), options, write)
        print(f"FAILED: {failed}" if failed else f"{time.perf_counter() - started:.0f} s", flush=True)
    print(f"{len(waiting)} units run; all results are in {options.results}; compare_libraries.py report makes the page of them")


def status(options, jobs, _):
    chosen, waiting = to_do(options, jobs, jobs.read(options.results))
    print(f"{len(chosen) - len(waiting)} of {len(chosen)} units are done")


def main():
    if importlib.util.find_spec("numpy") is None:
        if not (PROJECT / "bin" / "python").exists():
            sys.exit(NO_PROJECT)
        os.execv(PROJECT / "bin" / "python", [PROJECT / "bin" / "python", *sys.argv])
    sys.path.insert(0, str(HERE))
    from libraries import jobs, methods, page, tasks
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", nargs="?", choices=["run", "report", "set-up", "status"], default="run")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--task", nargs="+", choices=list(tasks.TASKS), default=list(tasks.TASKS))
    parser.add_argument("--method", nargs="+", choices=list(methods.METHODS), default=list(methods.METHODS))
    parser.add_argument("--constraint", nargs="+", choices=list(tasks.CONSTRAINTS), default=list(tasks.CONSTRAINTS))
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=list(range(5)), help="default 0,1,2,3,4")
    parser.add_argument("--time-out", type=float, default=3600, help="processor seconds for one method's four tolerances of one seed (default 3600)")
    parser.add_argument("--again", action="store_true", help="runs what failed once more")
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    parser.add_argument("--environments", type=pathlib.Path, default=ROOT / ".deps", help="where peers and peers_fairgbm are made")
    parser.add_argument("--docs", type=pathlib.Path, default=ROOT / "docs", help="where report writes benchmarks.md and images/")
    options = parser.parse_args()
    if options.verb == "set-up":
        print(*(set_up(options.environments, name) for name in ENVIRONMENTS))
    elif options.verb == "report":
        page.write(jobs.read(options.results), options.docs)
    else:
        (run if options.verb == "run" else status)(options, jobs, methods)


if __name__ == "__main__":
    main()
