#!/usr/bin/env python3
"""Makes the data of configs/colored_fashion.yaml: clothes of Fashion-MNIST in colours that give the answer away, nearly always.

usage: make.py [--aligned SHARE] [--seed N] [--source FOLDER] [--output FOLDER]

Of the classes pullover, coat (label upper_layer) and T-shirt, shirt (label shirt), 24,000 training and 4,000 test pictures. Each is red or green,
so that of the training pictures SHARE (.98) of the upper layers are red and of the shirts are green, and of the test pictures half and half.
Written are train.csv and test.csv (label, color, garment) and their pictures, train-images.idx.gz and test-images.idx.gz, 3 x 28 x 28.
The source is Debian's package: apt-get install dataset-fashion-mnist. The same seed gives the same bytes.
"""
import argparse
import collections
import gzip
import pathlib
import random
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
GARMENTS = {0: "t_shirt", 2: "pullover", 4: "coat", 6: "shirt"}
LABELS = {0: "shirt", 2: "upper_layer", 4: "upper_layer", 6: "shirt"}
# What part of a pixel's grey each of red, green and blue has.
COLORS = {"red": (1.0, 0.25, 0.25), "green": (0.25, 1.0, 0.25)}
SIDE = 28


def read_source(folder, name):
    def content(kind, dimensions):
        path = pathlib.Path(folder) / f"{name}-{kind}-idx{dimensions}-ubyte.gz"
        if not path.exists():
            sys.exit(f"{path} is not there; as root: apt-get install dataset-fashion-mnist (or name its folder: --source)")
        return gzip.decompress(path.read_bytes())
    labels, images = content("labels", 1)[8:], content("images", 3)[16:]
    size = SIDE * SIDE
    return [(label, images[i * size:(i + 1) * size]) for i, label in enumerate(labels) if label in GARMENTS]


def write_split(folder, name, rows, aligned, draw):
    tables = {color: [bytes(round(value * part) for value in range(256)) for part in parts] for color, parts in COLORS.items()}
    lines, pictures = ["label,color,garment"], []
    for label, image in rows:
        own, other = ("red", "green") if LABELS[label] == "upper_layer" else ("green", "red")
        color = own if draw.random() < aligned else other
        lines.append(f"{LABELS[label]},{color},{GARMENTS[label]}")
        pictures += [image.translate(table) for table in tables[color]]
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    header = bytes([0, 0, 8, 4]) + struct.pack(">4I", len(rows), 3, SIDE, SIDE)
    (folder / f"{name}-images.idx.gz").write_bytes(gzip.compress(header + b"".join(pictures), compresslevel=3, mtime=0))
    kinds = collections.Counter(line.rsplit(",", 1)[0].replace(",", " ") for line in lines[1:])
    print(f"{name}: {len(rows)} pictures: " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--aligned", type=float, default=0.98)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--source", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--output", default=str(HERE))
    options = parser.parse_args()
    folder = pathlib.Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(options.seed)
    write_split(folder, "train", read_source(options.source, "train"), options.aligned, draw)
    write_split(folder, "test", read_source(options.source, "t10k"), 0.5, draw)


if __name__ == "__main__":
    main()
