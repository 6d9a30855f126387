#!/usr/bin/env python3
"""What trackers cost a training run: the same config without and with them, one after the other, several times; medians.

usage: tracking.py [--equipoise PATH] [--config FILE] [--pairs 5] [--mlflow URI] [OVERRIDE ...]

Each pair trains the config plainly, with TensorBoard and Prometheus, and with --mlflow also with an MLflow server (one that does not
answer costs what one that is away does). Seconds are those of training, as the program's answer has them, of the whole process, and of its
CPU time, which other work on the machine disturbs least.
"""
import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def train(program, config, folder, name, words):
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([program, "train", config, "--json", f"output.folder={folder}", f"output.run={name}", *words],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (json.loads(done.stdout)["seconds"], time.perf_counter() - start,
            used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--equipoise", default=str(ROOT / "build/release/bin/equipoise"))
    parser.add_argument("--config", default=str(ROOT / "configs/adult_equalized_odds.yaml"))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--mlflow", default="")
    parser.add_argument("overrides", nargs="*")
    asked = parser.parse_intermixed_args()
    files = ["tracking.tensorboard=true", "tracking.prometheus=true"]
    ways = {"none": [], "files": files}
    if asked.mlflow:
        ways["mlflow too"] = [*files, f"tracking.mlflow.uri={asked.mlflow}"]
    seconds = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        for pair in range(asked.pairs):
            # Every other time the other way round: what slows the machine down for a while slows both.
            for way in list(ways) if pair % 2 == 0 else reversed(ways):
                seconds[way].append(train(asked.equipoise, asked.config, folder, f"{way.replace(' ', '-')}-{pair}",
                                          [*asked.overrides, *ways[way]]))
                print(f"{way:12} training {seconds[way][-1][0]:7.2f} s, process {seconds[way][-1][1]:7.2f} s, "
                      f"CPU {seconds[way][-1][2]:7.2f} s", flush=True)
    for way in ways:
        if way == "none":
            continue
        for place, what in enumerate(("training", "process", "CPU")):
            ratios = [told[place] / plain[place] for told, plain in zip(seconds[way], seconds["none"])]
            print(f"{way:12} {what}: median of {len(ratios)} ratios {100 * (statistics.median(ratios) - 1):+.2f} %, "
                  f"from {100 * (min(ratios) - 1):+.2f} to {100 * (max(ratios) - 1):+.2f} %")


if __name__ == "__main__":
    main()
