"""Equipoise: one bank of all tolerances on the same rows and splits, every other setting the config's default; decisions by `predict`."""
import csv
import json
import os
import pathlib
import signal
import subprocess
import tempfile

from . import jobs, tasks

PROGRAM = os.environ.get("EQUIPOISE", str(tasks.ROOT / "build" / "release" / "bin" / "equipoise"))


def config(task, constraint, folder, seed):
    hidden, dropout, epochs = task.network
    inputs = {**{name: "number" for name in task.numbers}, **{name: "category" for name in task.categories}}
    group = f"group_{task.group}"
    return {"name": "peers", "seed": seed, "threads": 1, "device": "cpu",
            "data": {"files": [str(folder / "rows.csv")], "label": {"column": "label", "positive": ["yes"]}, "groups": [{"column": group}],
                     "features": {"keep": list(inputs), "types": inputs}, "split": {"column": "split"}},
            "model": {"kind": "mlp", "hidden": list(hidden), "dropout": dropout},
            "training": {"epochs": epochs, "batch_size": 512},
            "constraints": [{"kind": tasks.CONSTRAINTS[constraint], "group": group, "tolerance": .05}],
            "output": {"folder": str(folder)}}


def command(*words):
    done = subprocess.run([*jobs.ENDS_WITH_PARENT, PROGRAM, *map(str, words)], capture_output=True, text=True)
    if done.returncode == -signal.SIGXCPU:
        os.kill(os.getpid(), signal.SIGXCPU)  # its time-out is that of the job
    if done.returncode not in (0, 1):
        raise RuntimeError(f"equipoise {words[0]} ended with {done.returncode}: {done.stderr.strip()[-600:]}")
    return done.stdout


def prepare(name, constraint, folder, seed, learn_from_selection=False):
    split = tasks.write_csv(name, seed, folder / "rows.csv", learn_from_selection)
    (folder / "peers.yaml").write_text(json.dumps(config(tasks.TASKS[name], constraint, folder, seed)))  # JSON is YAML
    return split == 2


def decisions(run_folder, folder, test):
    command("predict", run_folder, "--data", folder / "rows.csv", "--output", folder / "decisions.csv")
    with open(folder / "decisions.csv") as file:
        decided = [int(row["decision"]) for row in csv.DictReader(file)]
    return [one for one, tested in zip(decided, test) if tested]


def run(name, constraint, tolerances, seed, overrides=(), learn_from_selection=False):
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        test = prepare(name, constraint, folder, seed, learn_from_selection)
        command("train", folder / "peers.yaml", f"bank.tolerances={json.dumps(list(tolerances))}", "output.run=bank", *overrides)
        for k, tolerance in enumerate(tolerances):
            yield tolerance, decisions(folder / "bank" / "members" / f"{k:03d}", folder, test)


def frontier(name, constraint, tolerances, seed, overrides=(), learn_from_selection=False):
    """One training for all tolerances: the first one's rule is picked from the frontier, the others are retuned."""
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        test = prepare(name, constraint, folder, seed, learn_from_selection)
        command("frontier", folder / "peers.yaml", f"constraints[0].tolerance={tolerances[0]}", "output.run=picked", *overrides)
        yield tolerances[0], decisions(folder / "picked", folder, test)
        for k, tolerance in enumerate(tolerances[1:]):
            command("retune", folder / "picked", f"constraints.0.tolerance={tolerance}", f"output.run=retuned-{k}")
            yield tolerance, decisions(folder / f"retuned-{k}", folder, test)
