"""What checkpoints cost a training step: Adult with none, one every second, and one as often as the disk takes it.

usage: benchmarks/engine/checkpoints.py [EQUIPOISE] [--rounds 5] [--epochs 20]

Prints the median over rounds of each one's training seconds beside those without in the same round, and how large a checkpoint is. The models
must be the same bytes.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANNERS = {
    "none": ["checkpoint.every_seconds=0"],
    "every second": ["checkpoint.every_seconds=1"],
    "every step that the disk lets": ["checkpoint.every_seconds=0", "checkpoint.every_steps=1"],
}


def train(program, folder, name, more, epochs):
    words = [program, "train", str(ROOT / "configs/adult_demographic_parity.yaml"), f"training.epochs={epochs}",
             f"output.folder={folder}", f"output.run={name}", "output.overwrite=true", "--json", *more]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    return json.loads(done.stdout)["seconds"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default=str(ROOT / "build/release/bin/equipoise"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = {manner: [] for manner in MANNERS}
        for _ in range(arguments.rounds):
            for manner, more in MANNERS.items():
                seconds[manner].append(train(arguments.program, folder, manner.replace(" ", "-"), more, arguments.epochs))
        models = {(pathlib.Path(folder) / manner.replace(" ", "-") / "model.safetensors").read_bytes() for manner in MANNERS}
        if len(models) != 1:
            sys.exit("the models differ: checkpoints changed what was trained")
        print(f"without: {statistics.median(seconds['none']):.2f} s of training, the median of {arguments.rounds}")
        for manner in list(MANNERS)[1:]:
            ratios = [with_them / without for with_them, without in zip(seconds[manner], seconds["none"])]
            print(f"{manner}: {statistics.median(ratios):.3f} of the seconds without ({min(ratios):.3f} to {max(ratios):.3f})")
        saved = sorted((pathlib.Path(folder) / "every-second" / "checkpoints").glob("step-*"))
        if saved:
            print(f"a checkpoint has {sum(f.stat().st_size for f in saved[-1].iterdir()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
