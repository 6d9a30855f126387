#!/usr/bin/env python3
"""`model.kind: auto` beside the defaults of the families that it chooses from, on Adult by sex.

usage: settings_search.py [override ...] [--budget TIME] [--seeds N] [--kind KIND ...] [--equipoise PROGRAM]

For N seeds from 0 (splits, weights and draws hang on them) `equipoise train CONFIG` at tolerance .02 with each family's defaults, and with auto and
the budget. Printed are test accuracy and gap, the loss on the selection rows by which a search chooses, seconds of the whole command, and what was chosen.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIGS = {"demographic_parity": "configs/adult_demographic_parity.yaml", "equalized_odds": "configs/adult_equalized_odds.yaml"}
FAMILIES = ("boosted_trees", "mlp", "residual_mlp", "linear")


def trained(arguments, kind, model, seed):
    with tempfile.TemporaryDirectory() as folder:
        more = ["~training"] if model == "{kind: boosted_trees}" else []
        words = [arguments.equipoise, "train", CONFIGS[kind], f"seed={seed}", f"output.folder={folder}", "output.run=run", "constraints[0].tolerance=0.02",
                 f"model={model}", *more, *arguments.overrides, "--json"]
        started = time.perf_counter()
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        if done.returncode:
            raise SystemExit(f"{' '.join(words)}\n{done.stderr}")
        results = json.loads((pathlib.Path(folder) / "run" / "results.json").read_text())
        search = pathlib.Path(folder) / "run" / "search.json"
        chosen = json.loads(search.read_text()) if search.exists() else None
    splits = {split["split"]: split for split in results["splits"]}
    test = splits["test"]
    return {"accuracy": test["metrics"]["accuracy"], "gap": test["constraints"][0]["gap"], "loss": splits["selection"]["metrics"]["log_loss"],
            "seconds": seconds, "chosen": chosen}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--budget", default="120s")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kind", nargs="+", choices=list(CONFIGS), default=list(CONFIGS))
    parser.add_argument("--equipoise", default=str(ROOT / "build" / "release" / "bin" / "equipoise"))
    arguments = parser.parse_args()
    models = {**{family: f"{{kind: {family}}}" for family in FAMILIES}, f"auto, {arguments.budget}": f"{{kind: auto, budget: {arguments.budget}}}"}
    for kind in arguments.kind:
        print(f"\n{kind}, tolerance .02\n\n| model | test accuracy / gap, each seed | mean | selection loss | seconds |\n|---|---|---|---|---|")
        notes = []
        for name, model in models.items():
            runs = [trained(arguments, kind, model, seed) for seed in range(arguments.seeds)]
            mean = {key: statistics.fmean(run[key] for run in runs) for key in ("accuracy", "gap", "loss", "seconds")}
            each = ", ".join(f"{run['accuracy']:.4f} / {run['gap']:.4f}" for run in runs)
            print(f"| {name} | {each} | {mean['accuracy']:.4f} / {mean['gap']:.4f} | {mean['loss']:.4f} | {mean['seconds']:.0f} |", flush=True)
            notes += [f"seed {seed}: {' '.join(run['chosen']['kept'])}, of {len(run['chosen']['trials'])}" for seed, run in enumerate(runs) if run["chosen"]]
        print("", *notes, sep="\n")


if __name__ == "__main__":
    main()
