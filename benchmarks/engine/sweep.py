#!/usr/bin/env python3
"""A sweep of 64 settings on Adult beside a program for each of them, and how fast 10,000 finished runs are looked through.

usage: sweep.py [--equipoise PATH] [--epochs N] [--sample N] [--workers N] [--finished N] [override ...]

The settings are 8 tolerances by 8 seeds. The sweep is timed as a whole, with its planning; of the separate programs `--sample` are
timed, one at a time with all processors as a loop in a shell would start them, and 64 times their mean is set beside it. A setting of
the sample must be the same model, byte for byte, as in the sweep, or this ends with an error.

With a Python that has torch, what the products of hidden layers take alone is printed too, at the rate of such a product in the same run: no way
to share programs, data and first layers among the settings can be faster than that. Hidden layers are read from the model that was trained.
"""
import argparse
import json
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = ROOT / "configs" / "adult_demographic_parity.yaml"
TOLERANCES = [0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.08, 0.12]
SEEDS = list(range(1, 9))


class Cost:
    """Seconds of the clock and of the processors, children of children included."""

    def __init__(self):
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds, self.processor = time.perf_counter(), usage.ru_utime + usage.ru_stime

    def since(self, start):
        self.seconds -= start.seconds
        self.processor -= start.processor
        return self


def run(options, *words):
    start = Cost()
    done = subprocess.run([options.equipoise, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"equipoise ended with {done.returncode}:\n{done.stderr}{done.stdout}")
    return Cost().since(start)


def settings_of(options):
    return ["device=cpu", f"training.epochs={options.epochs}", "multipliers.measure_on=train", *options.override]


def sweep(options, folder):
    words = ["sweep", CONFIG, "-m", *settings_of(options), "constraints.0.tolerance=" + ",".join(map(str, TOLERANCES)),
             "training.seed=" + ",".join(map(str, SEEDS)), "--folder", folder / "sweep"]
    if options.workers:
        words += ["--workers", options.workers]
    return run(options, *words)


def separate(options, folder):
    plan = json.loads((folder / "sweep" / "sweep.json").read_text())
    step = len(plan["runs"]) // options.sample
    costs = []
    for number, planned in enumerate(plan["runs"][::step][:options.sample]):
        point = [f"{field}={value}" for field, value in planned["point"].items()]
        costs.append(run(options, "train", CONFIG, *settings_of(options), *point, f"output.folder={folder}", f"output.run={number}"))
        member = folder / "sweep" / "jobs" / planned["job"]
        if plan["jobs"][[job["id"] for job in plan["jobs"]].index(planned["job"])]["kind"] == "bank":
            member = member / "members" / f"{planned['member']:03d}"
        if (member / "model.safetensors").read_bytes() != (folder / str(number) / "model.safetensors").read_bytes():
            sys.exit(f"run {planned['id']} of the sweep is not the run of its setting alone")
    return costs


def products_alone(options, folder, count):
    """Seconds of both processors for the products between hidden layers of all settings, training and measures."""
    try:
        import torch
    except ImportError:
        return None
    results = json.loads((folder / "0" / "results.json").read_text())
    rows = {split["split"]: split["metrics"]["rows"] for split in results["splits"]}
    widths = [int(width) for width in re.match(r"\w+ ([\d-]+)", results["model"])[1].split("-")]
    measures = len((folder / "0" / "measurements.jsonl").read_text().splitlines())
    scored = measures * (rows["train"] + rows["selection"]) + 3 * options.epochs * rows["train"]
    if len(widths) < 3:
        return None
    operations = count * scored * sum(2 * a * b for a, b in zip(widths[1:-1], widths[2:]))
    hidden = max(widths[1:-1])
    left, right, out = torch.rand(2048, hidden), torch.rand(hidden, hidden), torch.empty(2048, hidden)
    rates = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(200):
            torch.mm(left, right, out=out)
        rates.append(200 * 2 * 2048 * hidden * hidden / (time.perf_counter() - start))
    return operations / statistics.median(rates)


def scan(options, folder):
    """A second start of a sweep whose runs are all there."""
    count = options.finished
    words = ["sweep", CONFIG, "-m", f"training.optimizer.weight_decay=range({count})", f"training.batch_size=64", "--folder",
             folder / "many"]
    run(options, *words, "--slurm", folder / "many.sbatch")
    plan = json.loads((folder / "many" / "sweep.json").read_text())
    for job in plan["jobs"]:
        place = folder / "many" / "jobs" / job["id"]
        place.mkdir()
        (place / "run.json").write_text('{"program": "equipoise", "format": 1, "status": "finished"}\n')
    times = [run(options, "sweep", folder / "many").seconds for _ in range(3)]
    again = [run(options, *words).seconds for _ in range(3)]
    return len(plan["jobs"]), statistics.median(times), statistics.median(again)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--sample", type=int, default=4, help="separate programs that are timed")
    parser.add_argument("--workers", type=int, help="programs at a time of the sweep")
    parser.add_argument("--finished", type=int, default=10000, help="finished runs that are looked through")
    parser.add_argument("override", nargs="*", help="overrides of the config, for both ways")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        together = sweep(options, folder)
        alone = separate(options, folder)
        count = len(TOLERANCES) * len(SEEDS)
        print(f"{count} settings, {options.epochs} epochs on Adult, separate programs from {len(alone)} of them")
        for title, figure in (("seconds", lambda cost: cost.seconds), ("processor seconds", lambda cost: cost.processor)):
            apart = count * statistics.mean(map(figure, alone))
            print(f"  {title:18} sweep {figure(together):8.1f}   separate {apart:8.1f}   share {figure(together) / apart:.3f}")
        products = products_alone(options, folder, count)
        if products is not None:
            apart = count * statistics.mean(cost.seconds for cost in alone)
            print(f"  products of hidden layers alone {products:8.1f} s, share {products / apart:.3f} of the separate programs")
        jobs, opened, planned = scan(options, folder)
        print(f"{jobs} finished runs")
        print(f"  sweep FOLDER        {opened:8.2f} s")
        print(f"  sweep CONFIG -m ... {planned:8.2f} s")


if __name__ == "__main__":
    main()
