#!/usr/bin/env python3
"""A bank of K runs in one process beside the same K runs one after another, on Adult.

usage: bank.py [--equipoise PATH] [--members K] [--epochs N] [--repeats N] [--device DEVICE] [override ...]

The runs differ in their seeds. Both ways must give the same models byte for byte (on the CPU), or this ends with an error.
Timed are training with its measures ("training") and whole processes, data and reports included ("in all"); medians, the two
ways in turn.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def train(options, folder, name, overrides):
    command = [options.equipoise, "train", str(ROOT / "configs" / "adult_demographic_parity.yaml"), f"device={options.device}",
               f"training.epochs={options.epochs}", "multipliers.measure_on=train", f"output.folder={folder}",
               f"output.run={name}", "--json", *options.override, *overrides]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"equipoise ended with {done.returncode}:\n{done.stderr}{done.stdout}")
    return json.loads(done.stdout), time.perf_counter() - start


def compare(options, folder):
    seeds = list(range(1, options.members + 1))
    bank, bank_seconds = train(options, folder, "bank", [f"bank.seeds={seeds}"])
    alone_training = alone_seconds = 0.0
    for member, seed in enumerate(seeds):
        alone, seconds = train(options, folder, f"alone-{seed}", [f"training.seed={seed}"])
        alone_training += alone["seconds"]
        alone_seconds += seconds
        paths = [pathlib.Path(folder) / run / "model.safetensors" for run in (f"bank/members/{member:03d}", f"alone-{seed}")]
        if options.device == "cpu" and paths[0].read_bytes() != paths[1].read_bytes():
            sys.exit(f"member {member} of the bank is not the run of its own seed {seed}")
    return bank["bank"]["training_seconds"], bank_seconds, alone_training, alone_seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    parser.add_argument("--members", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("override", nargs="*", help="overrides of the config, for both ways")
    options = parser.parse_args()
    figures = []
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as folder:
            figures.append(compare(options, folder))
    bank_training, bank_all, alone_training, alone_all = (statistics.median(column) for column in zip(*figures))
    print(f"{options.members} runs, {options.epochs} epochs, medians of {options.repeats}")
    print(f"training  bank {bank_training:7.2f} s  one after another {alone_training:7.2f} s  ratio {alone_training / bank_training:.2f}")
    print(f"in all    bank {bank_all:7.2f} s  one after another {alone_all:7.2f} s  ratio {alone_all / bank_all:.2f}")


if __name__ == "__main__":
    main()
