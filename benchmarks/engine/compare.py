#!/usr/bin/env python3
"""Does it help: recipes of batches on four public data sets, each beside doing nothing, with intervals on paired differences.

usage: compare.py [override ...] [--data NAME ...] [--arms LIST] [--seeds LIST] [--folder FOLDER] [--equipoise PROGRAM]

`equipoise compare` on configs/ of Adult, Bank, Credit and ACS, one after the other, one network an arm (multipliers.measure_on=train).
Printed are tables for a page: of each arm the mean of a figure, and in brackets the 95 % interval of its difference to the first arm; bold
what counts as better or worse among all differences of the data set at once. The reports stay in FOLDER.
"""
import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIGS = {"adult": "adult_equalized_odds", "bank": "bank_equal_opportunity", "credit": "credit_default", "acs": "acs_income_bands"}
ARMS = "none,unconstrained,balance,fairbatch,reweigh,smote,corrupt"


def compare(options, name):
    command = [options.equipoise, "compare", str(ROOT / "configs" / f"{CONFIGS[name]}.yaml"), "--json", "--arms", options.arms, "--seeds", options.seeds,
               "device=cpu", "multipliers.measure_on=train", *options.override, f"output.folder={options.folder}", f"output.run={name}",
               "output.overwrite=true"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"equipoise ended with {done.returncode}:\n{done.stdout}")
    return json.loads(done.stdout)["comparison"]


def shown(value, figure, signed=False):
    if value is None:
        return "-"
    scale, digits = (1, 4) if figure["unit"] == "number" else (100, 1)
    return f"{scale * value:{'+' if signed else ''}.{digits}f}"


def cell(arm, figure, f):
    text = shown(arm["means"][f], figure)
    difference = arm["differences"][f] if arm["differences"] else None
    if difference is None:
        return text
    low, high = (shown(difference["interval"][end], figure, True) for end in ("low", "high"))
    finding = "" if difference["finding"] == "not seen" else f"**{difference['finding']}** "
    return f"{finding}{text} ({low} to {high})"


def print_table(name, report):
    print(f"\n### {name}\n\n{report['test_rows']} test rows, {report['done']} seeds, {report['seconds']:.0f} s\n", flush=True)
    arms = report["arms"]
    print("| figure | " + " | ".join(arm["name"] for arm in arms) + " |\n" + "|---" * (len(arms) + 1) + "|")
    for f, figure in enumerate(report["figures"]):
        unit = {"number": "", "points": ", points"}.get(figure["unit"], ", %")
        print(f"| {figure['title']}{unit} | " + " | ".join(cell(arm, figure, f) for arm in arms) + " |")
    for one in report["constraints"]:
        print(f"| met: {one['title']} | " + " | ".join(f"{met} of {report['done']}" for met in one["met"]) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("override", nargs="*", help="overrides of the config, for every run")
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    parser.add_argument("--data", nargs="+", choices=list(CONFIGS), default=list(CONFIGS))
    parser.add_argument("--arms", default=ARMS)
    parser.add_argument("--seeds", default="0..4")
    parser.add_argument("--folder", default=str(ROOT / "runs"))
    options = parser.parse_intermixed_args()
    for name in options.data:
        print_table(name, compare(options, name))


if __name__ == "__main__":
    main()
