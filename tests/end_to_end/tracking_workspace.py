"""A folder with data, a config and this build's program, and a real MLflow server, for the tests of tracking.

Those run under the interpreter of .deps/tracking (scripts/setup_tracking.sh), and are skipped where there is none.
usage of a test: NAME_test.py PROGRAM SOURCE_FOLDER
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import small_workspace
from small_workspace import free_port

SKIPPED = 77


def replaced(text, *pairs):
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


# A group with a name and values that other programs' formats have to quote.
CONFIG = replaced(small_workspace.CONFIG, ("[{column: sex}]", "[{column: sex}, {column: Größe}]"),
                  ("tolerance: 0.2}\n", "tolerance: 0.2}\n  - {kind: equalized_odds, group: Größe, tolerance: 0.3}\n"),
                  ("{measures_per_epoch: 2}", "{measure_on: train, measures_per_epoch: 4}"))


def people(rows):
    draws = random.Random(1)
    lines = ["age,hours,sex,Größe,income"]
    for _ in range(rows):
        hours, man = draws.randrange(5, 65), draws.random() < 0.6
        earns = draws.random() < 1 / (1 + 2.718281828 ** -(0.06 * (hours - 40) + (0.5 if man else -0.5)))
        lines.append(f"{draws.randrange(18, 78)},{hours},{'m' if man else 'f'},{draws.choice(['groß', 'k=l,(x)'])!r},".replace("'", '"')
                     + ("yes" if earns else "no"))
    return "\n".join(lines) + "\n"


def main():
    program, source = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    interpreter = source / ".deps/tracking/bin/python"
    if not (source / ".deps/tracking/.installed").exists():
        print(f"skipped: {interpreter} is not there (scripts/setup_tracking.sh installs TensorBoard and MLflow for the tests)")
        sys.exit(SKIPPED)
    if pathlib.Path(sys.prefix).resolve() != (source / ".deps/tracking").resolve():
        os.execv(interpreter, [str(interpreter), *sys.argv])
    Workspace.program, Workspace.source = program, source
    unittest.main(argv=[sys.argv[0], "--verbose", *sys.argv[3:]])


class Workspace(unittest.TestCase):
    program = source = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="equipoise_tracking_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "people.csv").write_text(people(1500))
        (self.folder / "config.yaml").write_text(CONFIG)

    def environment(self, more=None):
        # Nothing of this machine's own set-up, and loopback without a proxy.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        return {**kept, "no_proxy": "*", "NO_PROXY": "*", **(more or {})}

    def run_program(self, *words, environment=None):
        return subprocess.run([self.program, *map(str, words)], cwd=self.folder, capture_output=True, text=True, timeout=300,
                              env=self.environment(environment))

    def train(self, run, *words, environment=None):
        done = self.run_program("train", "config.yaml", f"output.run={run}", *words, environment=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def measurements(self, run):
        lines = (self.folder / "runs" / run / "measurements.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def results(self, run):
        return json.loads((self.folder / "runs" / run / "results.json").read_text())


class MlflowServer:
    """A real `mlflow server` on loopback, which can be killed and started again with what it had."""

    def __init__(self, folder, options=("--serve-artifacts",)):
        self.folder, self.options, self.port, self.process = folder, options, free_port(), None
        folder.mkdir()
        self.uri = f"http://127.0.0.1:{self.port}"

    def start(self):
        if self.process is not None:
            return self
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1",
                   "--backend-store-uri", f"sqlite:///{self.folder}/store.db", *self.options]
        if "--serve-artifacts" in self.options:
            command += ["--artifacts-destination", str(self.folder / "artifacts")]
        environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true",
                       "DO_NOT_TRACK": "true", "no_proxy": "*", "NO_PROXY": "*"}
        self.log = open(self.folder / "log", "ab")
        # A session of its own, so that its workers go with it; all of it ends when the pipe closes, which a killed test does too.
        keeper = ["sh", "-c", '"$@" < /dev/null & read -r gone; kill -KILL 0', "sh", *command]
        self.process = subprocess.Popen(keeper, cwd=self.folder, stdin=subprocess.PIPE, stdout=self.log, stderr=self.log,
                                        env=environment, start_new_session=True)
        for _ in range(600):
            try:
                with urllib.request.urlopen(self.uri + "/health", timeout=2) as answer:
                    if answer.status == 200:
                        return self
            except OSError:
                time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text()[-3000:])

    def kill(self):
        if self.process is None:
            return
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.log.close()
        self.process = None
