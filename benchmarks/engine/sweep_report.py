#!/usr/bin/env python3
"""How long the report of a sweep takes that has many finished runs, and how large its page is.

usage: sweep_report.py PROGRAM [--runs 10000] [--folder FOLDER]
  PROGRAM   the equipoise program (build/release/bin/equipoise)

Trains one run on Adult, 20 epochs, and writes a sweep's folder in which every run has that run's files with figures moved by random
numbers of a fixed seed. Then times `sweep report` and `watch --once`, twice each: the first may read from the disk.
"""
import argparse
import hashlib
import json
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = ROOT / "configs/adult_equalized_odds.yaml"
LIMIT_SECONDS, LIMIT_BYTES = 10, 5_000_000


def train(program, folder):
    subprocess.run([program, "train", CONFIG, "model.hidden=[8]", "multipliers.measure_on=train", "training.epochs=20",
                    f"output.folder={folder}", "output.run=one"], check=True, capture_output=True)
    return folder / "one"


def moved(text, draws, tolerance):
    """The results with all accuracies, gaps and bounds moved, of every split alike."""
    shift, scale = draws.gauss(0, .01), draws.uniform(.3, 3)
    def accuracy(match):
        return f'"accuracy": {min(.999, max(.5, float(match[1]) + shift))}'
    def gap(match):
        return f'"{match[1]}": {float(match[2]) * scale}'
    text = re.sub(r'"accuracy": ([\d.]+)', accuracy, text)
    text = re.sub(r'"(gap|upper_bound)": ([\d.e-]+)', gap, text)
    return text.replace('"tolerance": 0.02', f'"tolerance": {tolerance}')


def write_sweep(folder, one, runs, draws):
    results = (one / "results.json").read_text()
    tolerances = [.005, .01, .02, .04, .08]
    rates = [1e-4, 3e-4, 1e-3, 3e-3]
    seeds = max(1, runs // (len(tolerances) * len(rates)))
    plan = {"format": 1, "name": "synthetic", "config": str(CONFIG), "config_sha256": "", "asked_sha256": "", "search": "grid", "metric": "",
            "overrides": [],
            "axes": [{"fields": ["constraints[0].tolerance"], "values": [[t] for t in tolerances]},
                     {"fields": ["training.optimizer.learning_rate"], "values": [[r] for r in rates]},
                     {"fields": ["seed"], "values": [[s] for s in range(seeds)]}], "runs": [], "jobs": []}
    size = 0
    for tolerance in tolerances:
        for rate in rates:
            for seed in range(seeds):
                point = {"constraints[0].tolerance": tolerance, "training.optimizer.learning_rate": rate, "seed": seed}
                name = hashlib.sha256(json.dumps(point).encode()).hexdigest()[:16]
                plan["runs"].append({"id": name, "point": point, "job": name, "member": 0})
                plan["jobs"].append({"id": name, "kind": "run", "overrides": [], "runs": [name]})
                run = folder / "jobs" / name
                run.mkdir(parents=True)
                text = moved(results, draws, tolerance)
                size += len(text)
                (run / "results.json").write_text(text)
                shutil.copyfile(one / "run.json", run / "run.json")
    (folder / "sweep.json").write_text(json.dumps(plan))
    return len(plan["runs"]), size


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--folder", type=pathlib.Path, help="where the sweep's folder is made; without it a temporary one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        base = arguments.folder or pathlib.Path(temporary)
        base.mkdir(parents=True, exist_ok=True)
        one = train(arguments.program, base)
        runs, size = write_sweep(base / "sweep", one, arguments.runs, random.Random(1))
        print(f"{runs} finished runs, {size / 1e6:.0f} MB of results.json")
        slowest = 0
        for words in (["sweep", "report"], ["watch", "--once"]):
            for _ in range(2):
                start = time.perf_counter()
                used = resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run([arguments.program, *words, base / "sweep"], check=True, stdout=subprocess.DEVNULL)
                seconds = time.perf_counter() - start
                now = resource.getrusage(resource.RUSAGE_CHILDREN)
                busy = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
                print(f"{' '.join(words)}: {seconds:.2f} s ({busy:.2f} s of processors)")
                slowest = max(slowest, seconds) if words[0] == "sweep" else slowest
        page = (base / "sweep/report.html").stat().st_size
        print(f"report.html: {page / 1e6:.2f} MB")
        return 0 if slowest < LIMIT_SECONDS and page < LIMIT_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
