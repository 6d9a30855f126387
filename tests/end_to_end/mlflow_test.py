"""Runs at a real MLflow server: nothing is lost and nothing doubled, whoever dies."""

import collections
import json
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import tracking_workspace
from tracking_workspace import MlflowServer, Workspace


def legal(name):
    """The name under which MLflow has a figure (docs/guides/tracking.md)."""
    return re.sub(r"[^\w\-. /:]", "_", name.replace("=", "."))


def figures(measurement, results):
    """What a measurement is called at MLflow."""
    named = {f"loss/{rows}": measurement[f"{rows}_loss"] for rows in ("training", "selection")}
    named |= {f"accuracy/{rows}": measurement[f"{rows}_accuracy"] for rows in ("training", "selection")}
    named |= {"time/epoch": measurement["epoch"], "time/seconds": measurement["seconds"]}
    for field, prefix in {"training_gaps": "gap/driving/", "selection_gaps": "gap/selection/",
                          "selection_bounds": "gap/upper_bound/", "selection_lower_bounds": "gap/lower_bound/"}.items():
        named |= {prefix + title: measurement[field][i] for i, title in enumerate(results["promise_titles"])}
    named |= {"multiplier/" + title: measurement["multipliers"][j] for j, title in enumerate(results["multiplier_titles"])}
    return {legal(name): value for name, value in named.items() if value is not None}


class WithServer(Workspace):
    """One server for the cases of a class, which takes seconds to start; each has an experiment of its own."""

    @classmethod
    def setUpClass(cls):
        cls.own_server = MlflowServer(pathlib.Path(tempfile.mkdtemp(prefix="equipoise_mlflow_")) / "server")
        cls.addClassCleanup(shutil.rmtree, cls.own_server.folder.parent, ignore_errors=True)
        cls.addClassCleanup(cls.own_server.kill)

    def setUp(self):
        super().setUp()
        self.server, self.experiment = self.own_server, self._testMethodName.replace("_", " ")
        # A busy machine's server takes longer than the default waits for what is not sent yet.
        self.words = [f"tracking.mlflow.uri={self.server.uri}", f"tracking.mlflow.experiment={self.experiment}",
                      "tracking.mlflow.wait=120"]

    def client(self):
        import mlflow
        return mlflow.MlflowClient(tracking_uri=self.server.uri)

    def runs(self):
        client = self.client()
        experiment = client.get_experiment_by_name(self.experiment)
        return sorted(client.search_runs([experiment.experiment_id]), key=lambda run: run.info.run_name)

    def histories(self, run_id):
        client = self.client()
        return {name: client.get_metric_history(run_id, name) for name in client.get_run(run_id).data.metrics}

    def assert_each_once(self, run, name):
        """The server has every measure of the run folder `name`, and each once."""
        measurements, results = self.measurements(name), self.results(name)
        wanted = collections.defaultdict(dict)
        for measurement in measurements:
            for metric, value in figures(measurement, results).items():
                wanted[metric][measurement["step"]] = value
        histories = self.histories(run.info.run_id)
        for metric, points in wanted.items():
            found = [(point.step, point.value) for point in histories.get(metric, [])]
            self.assertEqual(sorted(found), sorted(points.items()), metric)
        for metric, points in histories.items():
            self.assertEqual(len(points), len({point.step for point in points}), metric)

    def start(self, *words, environment=None):
        started = subprocess.Popen([self.program, "train", "config.yaml", *map(str, words), *self.words], cwd=self.folder,
                                   env=self.environment(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.stop, started)
        return started

    @staticmethod
    def stop(started):
        if started.poll() is None:
            started.kill()
        started.communicate()

    def until(self, holds, what):
        for _ in range(3000):
            if holds():
                return
            time.sleep(0.02)
        self.fail(what)

    def sent(self, run):
        state = self.folder / "runs" / run / "tracking.json"
        return json.loads(state.read_text())["mlflow"]["sent"] if state.exists() else 0

    def lines(self, run):
        file = self.folder / "runs" / run / "measurements.jsonl"
        return file.read_text().count("\n") if file.exists() else 0


class OneRun(WithServer):
    def test_everything_arrives_once(self):
        self.server.start()
        done = self.train("a", *self.words)
        self.assertNotIn("warning", done.stderr)
        run, = self.runs()
        self.assertEqual((run.info.run_name, run.info.status), ("a", "FINISHED"))
        self.assert_each_once(run, "a")
        params = run.data.params
        self.assertEqual(params["training.optimizer.learning_rate"], "0.01")
        self.assertEqual(params["constraints.0.tolerance"], "0.2")
        self.assertEqual(params["model.hidden"], "[8]")
        self.assertEqual([name for name in params if name.startswith(("tracking", "output"))], [])
        results = self.results("a")["splits"][0]
        self.assertEqual(run.data.metrics["test/accuracy"], results["metrics"]["accuracy"])
        self.assertEqual(run.data.tags["equipoise.outcome"], "finished")
        for constraint in results["constraints"]:
            title = constraint["title"].split(", ")[0]
            self.assertEqual(run.data.tags["equipoise.verdict/" + title], constraint["verdict"])
            self.assertEqual(run.data.metrics["test/gap/" + title], constraint["gap"])
        names = {item.path for item in self.client().list_artifacts(run.info.run_id)}
        self.assertLessEqual({"report.html", "results.json", "config.yaml", "model.safetensors", "measurements.jsonl"}, names)
        taken = self.client().download_artifacts(run.info.run_id, "model.safetensors", str(self.folder))
        self.assertEqual(pathlib.Path(taken).read_bytes(), (self.folder / "runs/a/model.safetensors").read_bytes())
        self.assertFalse((self.folder / "runs/a/mlflow_spool.jsonl").exists())
        again = self.run_program("track", "runs/a")
        self.assertEqual((again.returncode, again.stdout), (0, "sent    nothing: the server had everything\n"), again.stderr)

    def test_a_server_killed_and_started_again_misses_nothing(self):
        self.server.start()
        started = self.start("output.run=a", "training.epochs=1000", "tracking.mlflow.wait=120", "multipliers.measures_per_epoch=1")
        self.until(lambda: self.sent("a") > 3, "no metrics were sent")
        self.server.kill()
        lines = self.lines("a")
        self.until(lambda: self.lines("a") >= min(lines + 50, 1000), "the training waited for the server")
        self.server.start()
        out, errors = started.communicate(timeout=300)
        self.assertEqual(started.returncode, 0, errors)
        run, = self.runs()
        self.assertEqual(run.info.status, "FINISHED")
        self.assertEqual(len(self.measurements("a")), 1000)
        self.assert_each_once(run, "a")

    def test_without_a_server_the_run_finishes_and_track_sends_it_later(self):
        self.server.kill()
        done = self.train("a", *self.words, "tracking.mlflow.wait=0.2")
        spool = self.folder / "runs/a/mlflow_spool.jsonl"
        self.assertIn(f"The MLflow server {self.server.uri} is away", done.stderr)
        self.assertIn(str(spool), done.stderr)
        self.assertIn("equipoise track", done.stderr)
        self.assertTrue(spool.exists())
        away = self.run_program("track", "runs/a", "--wait", "0.2")
        self.assertEqual(away.returncode, 3)
        self.assertIn("has not got everything", away.stderr)
        self.server.start()
        sent = self.run_program("track", "runs/a", "--json")
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.assertGreater(json.loads(sent.stdout)["sent"], 8)
        run, = self.runs()
        self.assertEqual(run.info.status, "FINISHED")
        self.assert_each_once(run, "a")
        self.assertFalse(spool.exists())

    def test_a_killed_run_is_sent_by_track_up_to_where_it_came(self):
        self.server.start()
        started = self.start("output.run=a", "training.epochs=2000")
        self.until(lambda: self.sent("a") > 3, "no metrics were sent")
        started.send_signal(signal.SIGKILL)
        started.communicate()
        self.server.kill()
        self.server.start()
        sent = self.run_program("track", "runs/a")
        self.assertEqual(sent.returncode, 0, sent.stderr)
        run, = self.runs()
        self.assertEqual(run.info.status, "RUNNING")
        points = self.histories(run.info.run_id)["loss/training"]
        wanted = [(m["step"], m["training_loss"]) for m in self.measurements("a")]
        # The last line of one of the files may have been on its way.
        self.assertIn([(point.step, point.value) for point in points], (wanted, wanted[:-1]))

    def test_a_run_that_a_scheduler_stops_goes_on_as_the_same_run(self):
        self.server.start()
        words = ["output.run=a", "training.epochs=600", "model.hidden=[256,256]", "tracking.prometheus=true", "multipliers.measures_per_epoch=1"]
        started = self.start(*words)
        self.until(lambda: self.sent("a") > 3, "no metrics were sent")
        started.send_signal(signal.SIGTERM)
        _, errors = started.communicate(timeout=120)
        self.assertEqual(started.returncode, 75, errors)
        prometheus = self.folder / "runs/a/metrics.prom"
        self.assertIn('status="interrupted"', prometheus.read_text())
        lines = self.lines("a")
        self.assertLess(lines, 600)
        started = self.start(*words, "--resume")
        self.until(lambda: self.lines("a") > lines, "the run did not go on")
        if started.poll() is None:
            self.assertIn('status="running"', prometheus.read_text())
        _, errors = started.communicate(timeout=300)
        self.assertEqual(started.returncode, 0, errors)
        run, = self.runs()
        self.assertEqual((run.info.status, run.data.tags["equipoise.outcome"]), ("FINISHED", "finished"))
        self.assertEqual(len(self.measurements("a")), 600)
        histories = self.histories(run.info.run_id)
        for metric, points in histories.items():
            self.assertEqual(len(points), len({point.step for point in points}), metric)
        for metric in ("loss/training", "accuracy/selection"):
            wanted = [(m["step"], m[metric.split("/")[1] + "_" + metric.split("/")[0]]) for m in self.measurements("a")]
            self.assertEqual([(point.step, point.value) for point in histories[metric]], wanted)
        self.assertIn('status="finished"', prometheus.read_text())

    def test_a_spool_sends_files_of_its_folder_alone(self):
        self.server.kill()
        self.train("a", *self.words, "tracking.mlflow.wait=0")
        (self.folder / "secret").write_text("secret")
        (self.folder / "runs/a/link").symlink_to(self.folder / "secret")
        with open(self.folder / "runs/a/mlflow_spool.jsonl", "a") as spool:
            for name in (str(self.folder / "secret"), "../../secret", "link", ".."):
                spool.write(json.dumps({"artifact": name}) + "\n")
        self.server.start()
        sent = self.run_program("track", "runs/a")
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.assertEqual(sent.stderr.count("which is no file of the run's folder: it is not sent"), 4, sent.stderr)
        run, = self.runs()
        names = {item.path for item in self.client().list_artifacts(run.info.run_id)}
        self.assertIn("report.html", names)
        self.assertFalse(names & {"secret", "link"}, names)

    def test_a_run_that_leaves_nothing_behind_has_failed_there_too(self):
        self.server.start()
        started = self.start("output.run=a", "training.epochs=2000", "training.optimizer.learning_rate=1e30")
        started.communicate(timeout=300)
        run, = self.runs()
        self.assertEqual(run.info.status, "FAILED")


class NestedRuns(WithServer):
    def test_members_of_a_bank_stand_under_its_run(self):
        self.server.start()
        self.train("bank", "+bank={tolerances: [0.1, 0.2], seeds: [1, 2]}", *self.words)
        runs = self.runs()
        self.assertEqual(len(runs), 5)
        parent, = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
        self.assertEqual((parent.info.run_name, parent.info.status), ("bank", "FINISHED"))
        members = [run for run in runs if run is not parent]
        self.assertEqual({run.data.tags["mlflow.parentRunId"] for run in members}, {parent.info.run_id})
        for run in members:
            self.assertEqual(run.info.status, "FINISHED")
            self.assert_each_once(run, "bank/members/" + run.data.tags["equipoise.run"].split("/")[1])
        self.assertEqual(sorted(run.data.params["constraints.0.tolerance"] for run in members), ["0.1", "0.1", "0.2", "0.2"])
        self.assertIn("bank.json", {item.path for item in self.client().list_artifacts(parent.info.run_id)})

    def test_a_bank_without_a_server_is_sent_by_track(self):
        self.server.kill()
        self.train("bank", "+bank={tolerances: [0.1, 0.2]}", *self.words, "tracking.mlflow.wait=0")
        self.server.start()
        sent = self.run_program("track", "runs/bank")
        self.assertEqual(sent.returncode, 0, sent.stderr)
        runs = self.runs()
        self.assertEqual(len([run for run in runs if "mlflow.parentRunId" in run.data.tags]), 2)
        self.assertEqual({run.info.status for run in runs}, {"FINISHED"})

    def test_the_arms_of_a_comparison_stand_under_it(self):
        self.server.start()
        done = self.run_program("compare", "config.yaml", "--arms", "none,unconstrained", "--seeds", "0..1", "output.run=c", *self.words)
        self.assertEqual(done.returncode, 0, done.stderr)
        runs = self.runs()
        parent, = [run for run in runs if run.info.run_name == "c"]
        members = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
        self.assertEqual(len(members), 4)
        for run in members:
            self.assert_each_once(run, "c/members/" + run.data.tags["equipoise.run"].split("/")[1])


class SweepRuns(WithServer):
    """Every job of a sweep is a program of its own, and any of them may be the first to need the sweep's run."""

    VARIED = ["training.epochs=1,2", "model.hidden=[4],[8]"]

    def sweep(self, *words):
        done = self.run_program("sweep", "config.yaml", "-m", *self.VARIED, "--folder", "sweep", *self.words, *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def below(self, runs, parent):
        return [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]

    def assert_one_sweep(self, runs):
        """One run of the sweep, and below it what was trained with each setting; it is handed back."""
        parent, = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
        self.assertEqual(parent.info.run_name, "people")
        jobs = self.below(runs, parent)
        self.assertEqual({run.info.run_name for run in jobs},
                         {f"training.epochs={epochs}, model.hidden=[{width}]" for epochs in (1, 2) for width in (4, 8)})
        self.assertEqual(len(jobs), 4)
        self.assertEqual({run.data.tags["equipoise.sweep"] for run in runs}, {parent.data.tags["equipoise.key"]})
        self.assertEqual({run.info.status for run in jobs}, {"FINISHED"})
        for run in jobs:
            job = run.data.tags["equipoise.run"]
            self.assertEqual(run.data.params["training.epochs"], run.info.run_name[len("training.epochs=")])
            measures = (self.folder / "sweep/jobs" / job / "measurements.jsonl").read_text().splitlines()
            points = self.histories(run.info.run_id)["loss/training"]
            self.assertEqual([(point.step, point.value) for point in points],
                             [(m["step"], m["training_loss"]) for m in map(json.loads, measures)])
        return parent

    def spools(self):
        return list((self.folder / "sweep").rglob("mlflow_spool.jsonl"))

    def test_jobs_of_two_processes_stand_under_one_run(self):
        self.server.start()
        self.run_program("sweep", "config.yaml", "-m", *self.VARIED, "--folder", "sweep", "--slurm", "unused", *self.words)
        tasks = [subprocess.Popen([self.program, "sweep", "sweep", "--task", f"{i}/2", "--workers", "2"], cwd=self.folder,
                                  env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                 for i in range(2)]
        for task in tasks:
            self.addCleanup(self.stop, task)
        for task in tasks:
            _, errors = task.communicate(timeout=300)
            self.assertEqual(task.returncode, 0, errors)
            self.assertNotIn("MLflow", errors)
        parent = self.assert_one_sweep(self.runs())
        self.assertEqual(parent.info.status, "FINISHED")
        self.assertEqual(self.spools(), [])
        again = self.run_program("track", "sweep")
        self.assertEqual((again.returncode, again.stdout), (0, "sent    nothing: the server had everything\n"), again.stderr)

    def test_what_a_killed_job_made_is_the_sweeps_run(self):
        """It may end after the server has made the sweep's run and before that is written down."""
        self.server.start()
        self.sweep()
        first = self.assert_one_sweep(self.runs())
        (self.folder / "sweep/tracking.json").unlink()
        shutil.rmtree(next((self.folder / "sweep/jobs").iterdir()))
        self.sweep()
        runs = self.runs()
        self.assertEqual(len(runs), 6)
        self.assertEqual(len(self.below(runs, first)), 5)

    def test_a_sweep_without_a_server_is_sent_by_track(self):
        self.server.kill()
        self.words.append("tracking.mlflow.wait=0")
        done = self.sweep()
        self.assertIn("The MLflow server has not got all of 4 of the jobs: equipoise track " + str(self.folder / "sweep"), done.stderr)
        self.assertEqual(len(self.spools()), 4)
        away = self.run_program("track", "sweep", "--wait", "0.2")
        self.assertEqual(away.returncode, 3)
        self.assertIn("0 parts were sent, 4 of 4 runs and banks are left", away.stderr)
        self.server.start()
        sent = self.run_program("track", "sweep", "--json")
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.assertGreater(json.loads(sent.stdout)["sent"], 4 * 8)
        parent = self.assert_one_sweep(self.runs())
        self.assertEqual(parent.info.status, "FINISHED")
        self.assertEqual(self.spools(), [])

    def test_one_job_that_is_sent_alone_stands_under_the_sweep_too(self):
        self.server.kill()
        self.words.append("tracking.mlflow.wait=0")
        self.sweep()
        self.server.start()
        for job in sorted((self.folder / "sweep/jobs").iterdir()):
            sent = self.run_program("track", job)
            self.assertEqual(sent.returncode, 0, sent.stderr)
        parent = self.assert_one_sweep(self.runs())
        self.assertEqual(parent.info.status, "RUNNING")
        self.run_program("track", "sweep")
        self.assertEqual(self.client().get_run(parent.info.run_id).info.status, "FINISHED")

    def test_banks_stand_under_the_sweep_and_members_under_them(self):
        self.VARIED = ["model.hidden=[4],[8]", "constraints[0].tolerance=0.1,0.2"]
        self.server.start()
        self.sweep()
        runs = self.runs()
        parent, = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
        banks = self.below(runs, parent)
        self.assertEqual([run.info.run_name for run in banks], ["bank of 2 runs"] * 2)
        for bank in banks:
            self.assertEqual(sorted(run.data.params["constraints.0.tolerance"] for run in self.below(runs, bank)), ["0.1", "0.2"])
        self.assertEqual({run.data.tags["equipoise.sweep"] for run in runs}, {parent.data.tags["equipoise.key"]})
        self.assertEqual({run.info.status for run in runs}, {"FINISHED"})
        self.assertEqual(len(runs), 7)
        key = json.loads((self.folder / "sweep/mlflow_sweep.json").read_text())["key"]
        found = self.client().search_runs([parent.info.experiment_id], f"tags.`equipoise.sweep` = '{key}'")
        self.assertEqual(len(found), 7)

    def test_a_sweep_without_mlflow_has_nothing_to_send(self):
        self.words = []
        self.sweep()
        done = self.run_program("track", "sweep")
        self.assertEqual(done.returncode, 3)
        self.assertIn("it has no mlflow_sweep.json (tracking.mlflow.uri in its config)", done.stderr)


if __name__ == "__main__":
    tracking_workspace.main()
