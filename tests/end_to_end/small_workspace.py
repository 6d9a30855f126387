"""What tests in Python train on in a moment: people, and a config that predicts who earns much."""
import pathlib
import socket

CONFIG = (pathlib.Path(__file__).parent / "people.yaml").read_text()


def write_people(path, rows=1500):
    """As tests/end_to_end/workspace.cpp draws them, but for the order of its draws: rows that hang on the row's number alone."""
    state, lines = 1, ["age,hours,job,sex,income"]
    for _ in range(rows):
        numbers = []
        for _ in range(5):
            state = (state * 1664525 + 1013904223) % 2**32
            numbers.append((state >> 8) / 2**24)
        age, hours, job = 18 + int(60 * numbers[0]), 5 + int(60 * numbers[1]), "xyz"[int(3 * numbers[2])]
        man = numbers[3] < 0.6
        earns = numbers[4] < 0.3 + 0.006 * (hours - 30) + (0.1 if man else -0.1)
        lines.append(f"{age},{hours},{job},{'m' if man else 'f'},{'yes' if earns else 'no'}")
    path.write_text("\n".join(lines) + "\n")


def free_port():
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return own.getsockname()[1]
