"""Ranks as clusters start and lose them: torchrun and its restart loop for real, hosts as network namespaces."""
import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from small_workspace import CONFIG, free_port, write_people

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ["EQUIPOISE_PROGRAM"]
TORCHRUN = pathlib.Path(sys.executable).with_name("torchrun")
TIMEOUT, ALLOWED = 8, 10  # seconds


def variables_of(process):
    try:
        pairs = (pathlib.Path("/proc") / str(process) / "environ").read_bytes().split(b"\0")
    except OSError:
        return {}
    return dict(pair.decode(errors="replace").split("=", 1) for pair in pairs if b"=" in pair)


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Launched(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        write_people(self.folder / "people.csv")
        (self.folder / "config.yaml").write_text(CONFIG)

    def has_measured(self):
        return any(self.folder.glob("runs/*/measurements.jsonl"))


class Torchrun(Launched):
    def setUp(self):
        super().setUp()
        if not TORCHRUN.exists():
            self.skipTest(f"there is no {TORCHRUN}")

    def start(self, *words, restarts=0, ranks=2):
        command = [TORCHRUN, "--no-python", f"--nproc-per-node={ranks}", "--master-addr=127.0.0.1", f"--master-port={free_port()}",
                   f"--max-restarts={restarts}", PROGRAM, *words]
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**os.environ, "OMP_NUM_THREADS": "1"})

    def ranks_of(self, agent, attempt):
        """Processes of our program that the agent started, by rank."""
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            variables = variables_of(entry.name) if entry.name.isdigit() else {}
            if variables.get("TORCHELASTIC_RESTART_COUNT") != attempt or "RANK" not in variables:
                continue
            parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1] if entry.exists() else ""
            if parent == str(agent.pid):
                found[int(variables["RANK"])] = int(entry.name)
        return found

    def test_two_and_four_ranks_train_one_run(self):
        for ranks in (2, 4):
            agent = self.start("train", "config.yaml", f"output.run=of-{ranks}", ranks=ranks)
            self.addCleanup(agent.kill)
            out, err = agent.communicate(timeout=120)
            self.assertEqual(agent.returncode, 0, err)
            self.assertEqual(out.count("report  "), 1, "rank 0 alone speaks")
            self.assertIn(f"shared by {ranks} ranks", err)
            self.assertEqual(json.loads((self.folder / f"runs/of-{ranks}/run.json").read_text())["status"], "finished")

    def finish(self, agent):
        """What its program said."""
        self.addCleanup(agent.kill)
        out, err = agent.communicate(timeout=300)
        self.assertEqual(agent.returncode, 0, err)
        return out + err

    def test_a_killed_rank_is_started_again_with_the_others_and_the_run_goes_on(self):
        words = ["train", "config.yaml", "training.epochs=80", "checkpoint.every_steps=10", "--resume=auto"]
        self.finish(self.start(*words, "output.run=whole"))
        agent = self.start(*words, "output.run=a", restarts=1)
        self.addCleanup(agent.kill)
        saved = self.folder / "runs/a/checkpoints"
        self.assertTrue(wait_until(lambda: any(saved.glob("step-*"))), "nothing was saved")
        os.kill(self.ranks_of(agent, "0")[1], signal.SIGKILL)
        self.assertTrue(wait_until(lambda: len(self.ranks_of(agent, "1")) == 2), "no second attempt")
        said = self.finish(agent)
        step = re.search(r"Going on after step ([0-9]+) of", said)
        self.assertIsNotNone(step, said)
        self.assertGreaterEqual(int(step.group(1)), 10)  # or later: a save waits for the one before it
        marker = json.loads((self.folder / "runs/a/run.json").read_text())
        self.assertEqual((marker["status"], len(marker["resumed"])), ("finished", 1))
        models = [(self.folder / "runs" / run / "model.safetensors").read_bytes() for run in ("whole", "a")]
        self.assertEqual(models[0], models[1], "the model is not that of a run that nobody cut off")

    def test_the_doctor_names_both(self):
        agent = self.start("doctor", "--ranks")
        out, err = agent.communicate(timeout=120)
        self.assertEqual(agent.returncode, 0, err)
        self.assertIn("rank 1 ", out)
        self.assertIn("sum 16 MiB", out)


class Hosts(Launched):
    """Each host is a network namespace; a switch, in one of its own, joins them."""

    def setUp(self):
        super().setUp()
        for tool in ("unshare", "nsenter", "ip"):
            if shutil.which(tool) is None:
                self.skip_because(f"there is no {tool}")
        self.switch = self.namespace()
        self.inside(self.switch, "ip", "link", "add", "br0", "type", "bridge")
        self.inside(self.switch, "ip", "link", "set", "br0", "up")

    def skip_because(self, reason):
        print(f"skipped: {reason}")
        self.skipTest(reason)

    def namespace(self):
        holder = subprocess.Popen(["unshare", "-n", "sleep", "600"], stderr=subprocess.PIPE, text=True)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        own = os.readlink("/proc/self/ns/net")

        def has_moved():
            if holder.poll() is not None:
                return True
            with contextlib.suppress(OSError):
                return os.readlink(f"/proc/{holder.pid}/ns/net") != own
            return False

        wait_until(has_moved, 5)
        if holder.poll() is not None:
            self.skip_because(f"network namespaces are not permitted here: {holder.stderr.read().strip()}")
        return holder.pid

    def inside(self, namespace, *words):
        done = subprocess.run(["nsenter", "-t", str(namespace), "-n", *words], capture_output=True, text=True)
        if done.returncode != 0:
            self.skip_because(f"{' '.join(words)} is not permitted here: {done.stderr.strip()}")

    def host(self, number):
        namespace = self.namespace()
        self.inside(self.switch, "ip", "link", "add", f"port{number}", "type", "veth", "peer", "name", "eth0", "netns",
                    str(namespace))
        self.inside(self.switch, "ip", "link", "set", f"port{number}", "master", "br0", "up")
        self.inside(namespace, "ip", "addr", "add", f"10.77.0.{number + 1}/24", "dev", "eth0")
        self.inside(namespace, "ip", "link", "set", "eth0", "up")
        self.inside(namespace, "ip", "link", "set", "lo", "up")
        return namespace

    def start_rank(self, namespace, rank, ranks, *words):
        environment = {**os.environ, "RANK": str(rank), "WORLD_SIZE": str(ranks), "MASTER_ADDR": "10.77.0.1",
                       "MASTER_PORT": "23456"}
        return subprocess.Popen(
            ["nsenter", "-t", str(namespace), "-n", PROGRAM, "train", "config.yaml", "output.run=a",
             f"ranks.timeout={TIMEOUT}", "ranks.interface=eth0", *words],
            cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def training(self, ranks):
        """Ranks on hosts of their own, which have begun to train."""
        hosts = [self.host(number) for number in range(ranks)]
        started = [self.start_rank(hosts[rank], rank, ranks, "training.epochs=1000000") for rank in range(ranks)]
        for one in started:
            self.addCleanup(one.kill)
        wait_until(lambda: self.has_measured() or started[0].poll() is not None)
        self.assertIsNone(started[0].poll(), f"rank 0 ended before it had measured: {started[0].stderr.read() if started[0].poll() else ''}")
        self.assertTrue(self.has_measured(), "no training began")
        return started

    def expect_loss(self, lost, started, start):
        """What all but one say, which end in time; returns what each of them said."""
        errors = {rank: one.communicate(timeout=60)[1] for rank, one in enumerate(started) if rank != lost}
        self.assertLess(time.monotonic() - start, TIMEOUT + ALLOWED)
        for rank, said in errors.items():
            self.assertEqual(started[rank].returncode, 75, said)
            self.assertRegex(said, f"rank {lost} is lost after step [0-9]+")

    def lose_link_of(self, lost, ranks):
        started = self.training(ranks)
        start = time.monotonic()
        self.inside(self.switch, "ip", "link", "set", f"port{lost}", "down")
        self.expect_loss(lost, started, start)
        said = started[lost].communicate(timeout=60)[1]
        self.assertLess(time.monotonic() - start, TIMEOUT + ALLOWED)
        self.assertEqual(started[lost].returncode, 75, said)
        self.assertRegex(said, "rank 0 is lost after step [0-9]+: where ranks meet")

    def lose_process_of(self, lost, ranks, number):
        started = self.training(ranks)
        start = time.monotonic()
        # nsenter has become the program: it needs no fork for a network.
        started[lost].send_signal(number)
        self.expect_loss(lost, started, start)
        if number == signal.SIGSTOP:
            self.assertIsNone(started[lost].poll())

    def test_ranks_on_two_hosts_train_one_run(self):
        hosts = [self.host(number) for number in range(2)]
        started = [self.start_rank(hosts[rank], rank, 2) for rank in range(2)]
        for one in started:
            _, err = one.communicate(timeout=120)
            self.assertEqual(one.returncode, 0, err)
        self.assertTrue((self.folder / "runs/a/report.html").exists())

    def test_a_dropped_link_of_one_of_two(self):
        self.lose_link_of(1, 2)

    def test_a_dropped_link_of_one_of_four(self):
        self.lose_link_of(2, 4)

    def test_a_killed_rank_of_another_host(self):
        self.lose_process_of(1, 2, signal.SIGKILL)

    def test_a_stopped_rank_of_another_host(self):
        self.lose_process_of(3, 4, signal.SIGSTOP)

    def test_a_host_that_comes_late_and_one_that_comes_too_late(self):
        hosts = [self.host(number) for number in range(2)]
        first = self.start_rank(hosts[0], 0, 2, "ranks.timeout=30")
        self.addCleanup(first.kill)
        time.sleep(2)
        second = self.start_rank(hosts[1], 1, 2, "ranks.timeout=30")
        self.addCleanup(second.kill)
        for one in (first, second):
            _, err = one.communicate(timeout=120)
            self.assertEqual(one.returncode, 0, err)
        start = time.monotonic()
        alone = self.start_rank(hosts[0], 0, 2, "output.overwrite=true")
        self.addCleanup(alone.kill)
        _, err = alone.communicate(timeout=60)
        self.assertLess(time.monotonic() - start, TIMEOUT + ALLOWED)
        self.assertEqual(alone.returncode, 75, err)
        self.assertIn(f"rank 1 of 2 did not come within {TIMEOUT} s", err)


# In place of Slurm: sets what it sets, and starts the tasks on this host.
SRUN = """#!/bin/sh
case "$1" in --ntasks=*) tasks=${1#--ntasks=};; *) exit 64;; esac
shift
while [ "${1#--}" != "$1" ]; do shift; done
rank=0
while [ $rank -lt $tasks ]; do
  SLURM_PROCID=$rank SLURM_LOCALID=$rank SLURM_NTASKS=$tasks SLURM_STEP_NUM_TASKS=$tasks SLURM_JOB_ID=$$ SLURM_STEP_ID=0 \\
    SLURM_JOB_NODELIST=localhost "$@" &
  pids="$pids $!"
  rank=$((rank + 1))
done
for pid in $pids; do wait $pid || code=$?; done
exit ${code:-0}
"""


class Guide(unittest.TestCase):
    """docs/guides/ranks.md, done as it says, with less training."""

    PAGE = (ROOT / "docs" / "guides" / "ranks.md").read_text()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for name in ("configs", "benchmarks"):
            (self.folder / name).symlink_to(ROOT / name)
        tools = self.folder / "tools"
        tools.mkdir()
        (tools / "equipoise").symlink_to(PROGRAM)
        (tools / "torchrun").symlink_to(TORCHRUN)
        (tools / "srun").write_text(SRUN)
        (tools / "srun").chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}

    def blocks(self, language):
        return re.findall(rf"^```{language}\n(.*?)^```$", self.PAGE, re.DOTALL | re.MULTILINE)

    def run_line(self, words, folder="runs", **more):
        if "train" in words:
            words = [*words, "training.epochs=1", "model.hidden=[4]", "multipliers.measure_on=train", "output.overwrite=true",
                     "device=cpu", f"output.folder={self.folder}/{folder}"]
        return subprocess.Popen(words, cwd=self.folder, env={**self.environment, **more}, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def test_its_commands(self):
        lines = [line for block in self.blocks("sh") for line in block.splitlines()]
        self.assertEqual([line.split()[0] for line in lines], ["torchrun", "torchrun", "srun", "torchrun"])
        for number, line in enumerate(lines):
            if line.startswith("torchrun") and not TORCHRUN.exists():
                print(f"skipped: {line}: there is no {TORCHRUN}")
                continue
            if "srun" in line or "--max-restarts" in line:
                self.assertIn(" --resume=auto", line)
            done = self.run_line(shlex.split(line), folder=f"runs{number}")
            _, err = done.communicate(timeout=240)
            self.assertEqual(done.returncode, 0, f"{line}\n{err}")

    def test_its_job_for_kubernetes(self):
        job = self.blocks("yaml")[0]
        command = re.search(r"command: \[(.*)\]", job).group(1).split(", ")
        variables = dict(re.findall(r'- \{name: (\w+), value: "?([^"}]+)"?\}', job))
        self.assertEqual(variables.pop("MASTER_ADDR"), "odds-0.odds")
        self.assertIn("--resume=auto", command)
        ranks = int(variables["WORLD_SIZE"])
        self.assertIn(f"completions: {ranks}\n  parallelism: {ranks}\n", job)
        self.assertIn("{name: RANK, valueFrom: {fieldRef: {fieldPath: \"metadata.annotations['batch.kubernetes.io/job-completion-index']\"}}}", job)
        variables["MASTER_PORT"] = str(free_port())
        pods = [self.run_line(command, RANK=str(rank), MASTER_ADDR="127.0.0.1", **variables) for rank in range(ranks)]
        for pod in pods:
            _, err = pod.communicate(timeout=240)
            self.assertEqual(pod.returncode, 0, err)

    def test_its_settings(self):
        config = self.folder / "ranks.yaml"
        config.write_text(CONFIG + self.blocks("yaml")[1])
        done = subprocess.run([PROGRAM, "config", "validate", config], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_its_model_is_what_the_benchmark_prints(self):
        for parameters, step, column in (("150000", "40", 1), ("100000000", "20000", 2)):
            printed = subprocess.run([sys.executable, ROOT / "benchmarks/engine/ranks.py", "--model", "--parameters", parameters,
                                      "--step-us", step], capture_output=True, text=True, check=True).stdout
            for ranks in (8, 64, 512):
                shares = re.search(rf"^ *{ranks} .* ([0-9.]+) % +([0-9.]+) %$", printed, re.MULTILINE).groups()
                row = re.search(rf"^\| {ranks} \|(.*)\|(.*)\|$", self.PAGE, re.MULTILINE).group(column)
                self.assertEqual(row.strip(), " and ".join(f"{float(share):.0f} %" for share in shares))


if __name__ == "__main__":
    unittest.main()
