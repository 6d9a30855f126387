#!/usr/bin/env python3
"""Accuracy against gap of `equipoise frontier` on Adult by sex, and how long all of a frontier takes after its training.

usage: frontier.py [override ...] [--seeds N] [--kind KIND ...] [--threads N] [--in-processing] [--equipoise PROGRAM] [--json FILE]

`equipoise frontier CONFIG --tolerances 0.01,0.02,0.05,0.1` for N seeds from 0 (splits, weights and batches hang on them), as the config is,
with multipliers.margin=0 and with decision.confidence=0.95. Printed are means over the seeds: accuracy and gap on the test rows and on the held-out rows, by which the
rules are solved for (selection rows; without such a split training rows out of fold), what the posterior expects of them; seconds of training; and seconds for the default frontier of twenty tolerances
after training, measured in a run of its own. --in-processing trains each tolerance anew beside those with margins (multipliers.measure_on=train, one
network like the frontier's).
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIGS = {"demographic_parity": "configs/adult_demographic_parity.yaml", "equalized_odds": "configs/adult_equalized_odds.yaml"}
TOLERANCES = (.01, .02, .05, .1)
# How rules are kept inside their tolerances; training has margins alone.
AIMS = {"margin 1 (the default)": ["multipliers.margin=1"], "margin 0": ["multipliers.margin=0"], "confidence .95": ["decision.confidence=0.95"]}
TRAINED_AIMS = list(AIMS)[:2]


def run(arguments, words, overrides):
    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.equipoise, *words, f"output.folder={folder}", f"threads={arguments.threads}", *arguments.overrides, *overrides, "--json"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def figures(split):
    return split["metrics"]["accuracy"], split["constraints"][0]["gap"]


def frontier_lines(arguments, kind, aim):
    found = []
    for seed in range(arguments.seeds):
        words = ["frontier", CONFIGS[kind], "--tolerances", ",".join(map(str, TOLERANCES))]
        frontier = run(arguments, words, [f"seed={seed}", *AIMS[aim]])["frontier"]
        for rule in frontier["rules"]:
            if rule["tolerance"] in TOLERANCES:
                found.append({"kind": kind, "aim": aim, "seed": seed, "tolerance": rule["tolerance"], "test": figures(rule["test"]),
                              "selection": figures(rule["selection"] or rule["out_of_fold"]), "expected": rule["expected_accuracy"],
                              "seconds": frontier["training_seconds"]})
    return found


def trained_lines(arguments, kind, aim):
    found = []
    for tolerance in TOLERANCES:
        for seed in range(arguments.seeds):
            answer = run(arguments, ["train", CONFIGS[kind]], [f"seed={seed}", *AIMS[aim], "multipliers.measure_on=train",
                                                              f"constraints[0].tolerance={tolerance}"])
            splits = {split["split"]: split for split in answer["splits"]}
            found.append({"kind": kind, "aim": aim, "seed": seed, "tolerance": tolerance, "test": figures(splits["test"]),
                          "selection": figures(splits.get("selection") or splits["train"]), "expected": None, "seconds": answer["seconds"]})
    return found


def print_table(title, lines):
    print(f"\n{title}\n\n| aim | tolerance | test accuracy / gap | held-out accuracy / gap | expected accuracy | seconds of training |")
    print("|---|---|---|---|---|---|")
    for aim in AIMS:
        for tolerance in TOLERANCES:
            own = [line for line in lines if line["aim"] == aim and line["tolerance"] == tolerance]
            if not own:
                continue
            mean = lambda values: statistics.fmean(values)
            pair = lambda split: f"{mean(line[split][0] for line in own):.4f} / {mean(line[split][1] for line in own):.4f}"
            expected = f"{mean(line['expected'] for line in own):.4f}" if own[0]["expected"] is not None else "-"
            print(f"| {aim} | {tolerance:.2f} | {pair('test')} | {pair('selection')} | {expected} | {mean(line['seconds'] for line in own):.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kind", nargs="+", choices=list(CONFIGS), default=list(CONFIGS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--in-processing", action="store_true")
    parser.add_argument("--equipoise", default=str(ROOT / "build/release/bin/equipoise"))
    parser.add_argument("--json")
    arguments = parser.parse_intermixed_args()
    everything = {}
    for kind in arguments.kind:
        lines = [line for aim in AIMS for line in frontier_lines(arguments, kind, aim)]
        print_table(f"{kind}: equipoise frontier", lines)
        whole = run(arguments, ["frontier", CONFIGS[kind]], ["seed=0"])["frontier"]
        print(f"\n{len(whole['rules'])} rules solved and measured in {whole['solving_seconds']:.2f} s after {whole['training_seconds']:.0f} s "
              f"of training, {arguments.threads} thread(s).")
        everything[kind] = {"frontier": lines, "solving_seconds": whole["solving_seconds"], "rules": len(whole["rules"])}
        if arguments.in_processing:
            trained = [line for aim in TRAINED_AIMS for line in trained_lines(arguments, kind, aim)]
            print_table(f"{kind}: equipoise train, each tolerance anew", trained)
            everything[kind]["trained"] = trained
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(everything, indent=2) + "\n")


if __name__ == "__main__":
    main()
