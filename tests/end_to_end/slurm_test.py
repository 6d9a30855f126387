"""A sweep as an array of tasks of a Slurm that this test starts, on one node, in a folder of its own."""
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from small_workspace import free_port

NEEDED = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue", "scancel"]
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def reason_to_skip():
    missing = [program for program in NEEDED if shutil.which(program, path=PATH) is None]
    if missing:
        return f"no Slurm here to start: {', '.join(missing)} not found (Debian's packages slurm-wlm and munge have them)"
    if os.geteuid() != 0:
        return "a Slurm of one's own is started as root"
    return None


def wait_until(holds, seconds, what):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s still not: {what()}")
        time.sleep(0.2)


def programs_in(folder):
    """Numbers of the processes that work in a folder."""
    found = []
    for link in pathlib.Path("/proc").glob("[0-9]*/cwd"):
        try:
            if pathlib.Path(os.readlink(link)).is_relative_to(folder):
                found.append(int(link.parent.name))
        except OSError:  # it ended meanwhile
            continue
    return found


class Cluster:
    """munged, slurmctld and slurmd, all of whose files lie in one folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.environment = {**os.environ, "PATH": PATH, "SLURM_CONF": str(self.folder / "slurm.conf")}
        self.processes = []

    def start(self):
        for name in ("state", "spool", "munge"):
            (self.folder / name).mkdir()
        key = self.folder / "munge" / "key"
        key.write_bytes(random.Random(1).randbytes(1024))
        key.chmod(0o400)
        munge = self.folder / "munge"
        host = socket.gethostname()
        (self.folder / "slurm.conf").write_text("\n".join([
            "ClusterName=test", f"SlurmctldHost={host}(127.0.0.1)", f"AuthInfo=socket={munge}/socket", "SlurmUser=root",
            "SlurmdUser=root", f"SlurmctldPort={free_port()}", f"SlurmdPort={free_port()}", f"StateSaveLocation={self.folder}/state",
            f"SlurmdSpoolDir={self.folder}/spool", f"SlurmctldPidFile={self.folder}/slurmctld.pid",
            f"SlurmdPidFile={self.folder}/slurmd.pid", "ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none", "SwitchType=switch/none",
            "SelectType=select/cons_tres", "SelectTypeParameters=CR_CPU", "ReturnToService=2", "MpiDefault=none", "MaxArraySize=3",
            "SchedulerParameters=sched_interval=1,batch_sched_delay=0", "KillWait=10",
            f"NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN", f"PartitionName=all Nodes={host} Default=YES State=UP", ""]))
        self.run_in_background("munged", "--foreground", "--force", f"--socket={munge}/socket", f"--key-file={key}",
                               f"--log-file={munge}/log", f"--pid-file={munge}/pid", f"--seed-file={munge}/seed")
        wait_until(lambda: (munge / "socket").exists(), 20, lambda: "munged listens")
        self.run_in_background("slurmctld", "-D")
        self.run_in_background("slurmd", "-D", "-N", host)
        wait_until(lambda: "idle" in self.ask("sinfo", "--noheader", "--format=%T"), 60, self.logs)

    def run_in_background(self, program, *options):
        log = open(self.folder / f"{program}.log", "ab")
        self.processes.append(subprocess.Popen([shutil.which(program, path=PATH), *options], env=self.environment, stdout=log,
                                               stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL))
        log.close()

    def ask(self, *words, cwd=None):
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, cwd=cwd).stdout

    def logs(self):
        return "\n".join(f"{log}:\n{log.read_text()[-1500:]}" for log in sorted(self.folder.glob("*.log")))

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


CONFIG = """name: people
data: {files: people.csv, label: {column: income, positive: "yes"}, groups: [{column: sex}], split: {test: 0.2, selection: 0.2}}
model: {kind: mlp, hidden: [4]}
training: {epochs: 2, batch_size: 32}
constraints: [{kind: demographic_parity, group: sex, tolerance: 0.2}]
multipliers: {measure_on: train}
"""


def people(rows):
    draw = random.Random(5)
    lines = ["sex,age,income"]
    for _ in range(rows):
        age = draw.randrange(18, 80)
        lines.append(f"{draw.choice('fm')},{age},{'yes' if draw.random() * 80 < age else 'no'}")
    return "\n".join(lines) + "\n"


@unittest.skipIf(reason_to_skip(), reason_to_skip())
class Slurm(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name) / "two words"
        self.folder.mkdir()
        (self.folder / "config.yaml").write_text(CONFIG)
        (self.folder / "people.csv").write_text(people(600))
        cluster_folder = pathlib.Path(self.temporary.name) / "cluster"
        cluster_folder.mkdir()
        self.cluster = Cluster(cluster_folder)
        self.addCleanup(self.cluster.stop)
        self.cluster.start()

    def submit(self, *words):
        # Slurm's own MaxArraySize, 3 here, is asked for.
        subprocess.run([os.environ["EQUIPOISE_PROGRAM"], "sweep", "config.yaml", "-m", *words, "--folder", "sweep", "--slurm",
                        "sweep.sbatch", "--workers", "2"], cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
                       env=self.cluster.environment)
        answer = self.cluster.ask("sbatch", "--parsable", "sweep.sbatch", cwd=self.folder).strip()
        self.assertTrue(answer.isdigit(), answer + self.cluster.logs())
        return answer

    def state(self, task):
        return dict(word.split("=", 1) for word in self.cluster.ask("scontrol", "show", "job", task).split() if "=" in word)

    def everything(self):
        logs = "\n".join(log.read_text() for log in (self.folder / "sweep" / "logs").glob("*.log"))
        return f"{self.cluster.ask('squeue')}\n{logs}\n{self.cluster.logs()}"

    def test_an_array_shorter_than_the_sweep_does_all_of_it(self):
        self.submit("training.batch_size=16,20,24,28,32,36,40")
        self.assertIn("#SBATCH --array=0-2%2\n", (self.folder / "sweep.sbatch").read_text())
        wait_until(lambda: self.cluster.ask("squeue", "--noheader").strip() == "", 240, self.everything)
        markers = sorted((self.folder / "sweep" / "jobs").glob("*/run.json"))
        self.assertEqual(len(markers), 7, self.everything())
        for marker in markers:
            self.assertIn('"status": "finished"', marker.read_text())

    def test_a_task_that_is_stopped_on_the_way_is_queued_again(self):
        job = self.submit("training.epochs=100000,100001")
        task = f"{job}_0"
        wait_until(lambda: list((self.folder / "sweep" / "jobs").glob("*/measurements.jsonl")), 120, self.everything)
        wait_until(lambda: self.state(task).get("JobState") == "RUNNING", 60, self.everything)
        self.cluster.ask("scancel", "--signal=TERM", "--batch", task)  # as before its time is over
        wait_until(lambda: self.state(task).get("Restarts") == "1", 120, self.everything)
        wait_until(lambda: self.state(task)["JobState"] == "PENDING", 60, self.everything)  # it was completing
        self.assertEqual(list((self.folder / "sweep" / "failures").iterdir()), [], self.everything())
        self.cluster.ask("scancel", job)
        wait_until(lambda: self.cluster.ask("squeue", "--noheader", "--states=running,completing").strip() == "", 60, self.everything)
        # Slurm may count a task as over while its program still saves, and the folder goes when the test ends.
        wait_until(lambda: programs_in(self.folder) == [], 60, lambda: f"{programs_in(self.folder)} are over\n{self.everything()}")


if __name__ == "__main__":
    unittest.main()
