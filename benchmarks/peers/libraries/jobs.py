"""Which jobs there are, in which order, what is done already, and how one unit of them is run.

A job is (task, constraint, method, seed, tolerance), and one line of JSON when it is done or has failed. Tolerances of one unit (the same but
for the tolerance) are run in one process. A method that knows no constraint has one job a task and seed, with both left out.
"""
import json
import os
import pathlib
import signal
import subprocess
import threading

from . import tasks
from .methods import METHODS

# What a killed program started would go on for minutes, beside the program that is started again.
ENDS_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")
KEY = ("task", "constraint", "method", "seed", "tolerance")


def key(job):
    return tuple(job[name] for name in KEY)


def units(chosen_tasks, methods, seeds, constraints, tolerances=tasks.TOLERANCES):
    """Seed by seed through all tasks, so that what is there at any time can be compared."""
    for seed in seeds:
        for task in chosen_tasks:
            for constraint in (None, *constraints):
                for name in methods:
                    method = METHODS[name]
                    if method.free if constraint is None else not method.free and constraint in method.constraints:
                        yield {"task": task, "constraint": constraint, "method": name, "seed": seed,
                               "tolerances": [None] if constraint is None else list(tolerances)}


def still_to_do(unit, done):
    """The unit with the tolerances that are not done, or None. Where they share work one missing means all."""
    missing = [t for t in unit["tolerances"] if key({**unit, "tolerance": t}) not in done]
    if not missing:
        return None
    return unit if METHODS[unit["method"]].shared else {**unit, "tolerances": missing}


def file_of(folder, task):
    return pathlib.Path(folder) / f"libraries_{task}.jsonl"


def read(folder, names=tuple(tasks.TASKS)):
    """All finished jobs by key; of a job that is there twice the later line. A line that a kill cut off is none."""
    found = {}
    for task in names:
        path = file_of(folder, task)
        for line in path.read_text().split("\n")[:-1] if path.exists() else ():
            if line:
                job = json.loads(line)
                found[key(job)] = job
    return found


def append(folder, jobs):
    """Whole lines in one write; what a kill left of a line before goes first."""
    path = file_of(folder, jobs[0]["task"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab+") as file:
        file.seek(0)
        kept = file.read().rfind(b"\n") + 1
        file.truncate(kept)
        file.write("".join(json.dumps(job, separators=(",", ":")) + "\n" for job in jobs).encode())
        file.flush()
        os.fsync(file.fileno())


def run(unit, worker, options, write):
    """Runs what is to do of a unit by the command `worker`; `write` gets the finished jobs. A failure or a time-out is a result too: of
    processor seconds, since a busy machine is no fault of the method, and of ten times as many by the clock, for what waits for ever."""
    identity = {name: unit[name] for name in ("task", "constraint", "method", "seed")}
    shared, kept, finished = METHODS[unit["method"]].shared, [], set()
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    limit = max(1, round(options.time_out))
    child = subprocess.Popen([*ENDS_WITH_PARENT, "prlimit", f"--cpu={limit}:{limit + 5}", *worker, json.dumps(unit)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             start_new_session=True, env={**os.environ, **threads, "EQUIPOISE": options.equipoise},
                             cwd=pathlib.Path(__file__).resolve().parents[1])
    late = threading.Event()

    def stop():
        late.set()
        os.killpg(child.pid, 9)

    timer = threading.Timer(10 * options.time_out, stop)
    timer.start()
    said = []
    listener = threading.Thread(target=lambda: said.append(child.stderr.read()))
    listener.start()
    try:
        for line in child.stdout:
            job = {**identity, **json.loads(line), "machine": options.machine}
            finished.add(job["tolerance"])
            kept.append(job)
            if not shared:
                write([job])
        child.wait()
    except BaseException:
        os.killpg(child.pid, 9)
        raise
    finally:
        timer.cancel()
        listener.join()
    missing = [t for t in unit["tolerances"] if t not in finished]
    if missing:
        late = late.is_set() or child.returncode == -signal.SIGXCPU
        text = f"time-out after {options.time_out:g} s" if late else (said[0].strip().splitlines() or ["no message"])[-1][:300]
        failed = [{**identity, "tolerance": t, "failed": text, "machine": options.machine} for t in missing]
        write((kept if shared else []) + failed)
        return text
    if shared:
        write(kept)
    return None


def worker_command(python):
    return [str(python), "-m", "libraries.worker"]
