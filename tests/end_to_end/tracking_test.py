"""What TensorBoard itself and a strict Prometheus parser read of a run, beside its own files."""

import json
import math

import tracking_workspace
from tracking_workspace import Workspace


def promises_of(results):
    return results["promise_titles"]


class TensorBoard(Workspace):
    def accumulator(self, run):
        from tensorboard.backend.event_processing import event_accumulator
        accumulator = event_accumulator.EventAccumulator(str(self.folder / "runs" / run),
                                                         size_guidance={event_accumulator.SCALARS: 0, event_accumulator.TENSORS: 0})
        accumulator.Reload()
        return accumulator

    def curve(self, accumulator, tag):
        return {event.step: event.value for event in accumulator.Scalars(tag)}

    def assert_curve(self, accumulator, tag, points):
        found, wanted = self.curve(accumulator, tag), {step: value for step, value in points if value is not None}
        self.assertEqual(list(found), list(wanted), tag)
        for step, value in wanted.items():
            self.assertTrue(math.isclose(found[step], value, rel_tol=1e-6, abs_tol=1e-30), (tag, step, found[step], value))

    def test_every_curve_is_that_of_the_measurements(self):
        self.train("a", "tracking.tensorboard=true")
        measurements, results = self.measurements("a"), self.results("a")
        self.assertEqual(len(measurements), 8)
        accumulator = self.accumulator("a")
        fields = {"training_loss": "loss/training", "selection_loss": "loss/selection", "training_accuracy": "accuracy/training",
                  "selection_accuracy": "accuracy/selection", "epoch": "time/epoch", "seconds": "time/seconds"}
        lists = {"training_gaps": "gap/driving/", "selection_gaps": "gap/selection/", "selection_bounds": "gap/upper_bound/",
                 "selection_lower_bounds": "gap/lower_bound/"}
        curves = {tag: [(m["step"], m[field]) for m in measurements] for field, tag in fields.items()}
        for field, prefix in lists.items():
            for i, title in enumerate(promises_of(results)):
                curves[prefix + title] = [(m["step"], m[field][i]) for m in measurements]
        for i, title in enumerate(promises_of(results)):
            curves["gap/tolerance/" + title] = [(m["step"], results["promise_tolerances"][i]) for m in measurements]
        for j, title in enumerate(results["multiplier_titles"]):
            curves["multiplier/" + title] = [(m["step"], m["multipliers"][j]) for m in measurements]
        for tag, points in curves.items():
            self.assert_curve(accumulator, tag, points)
        last = measurements[-1]["step"]
        test = results["splits"][0]
        self.assert_curve(accumulator, "test/accuracy", [(last, test["metrics"]["accuracy"])])
        for constraint in test["constraints"]:
            title = constraint["title"].split(", ")[0]
            self.assert_curve(accumulator, "test/gap/" + title, [(last, constraint["gap"])])
        rest = {tag for tag in accumulator.Tags()["scalars"] if tag not in curves and not tag.startswith("test/")}
        self.assertEqual(rest, {"time/rows_per_second", "time/rows_per_second_of_the_run"})
        for m in measurements:  # a gap lies between its bounds
            for low, gap, high in zip(m["selection_lower_bounds"], m["selection_gaps"], m["selection_bounds"]):
                self.assertLessEqual(low, gap)
                self.assertLessEqual(gap, high)

    def test_the_hparams_table_has_what_people_vary(self):
        from tensorboard.plugins.hparams import plugin_data_pb2
        self.train("a", "tracking.tensorboard=true", "constraints[0].tolerance=0.15")
        metadata = self.accumulator("a").summary_metadata
        for tag in ("_hparams_/experiment", "_hparams_/session_start_info", "_hparams_/session_end_info"):
            self.assertEqual(len(self.accumulator("a").Tensors(tag)), 1)  # the plugin looks for them there
        messages = {tag: plugin_data_pb2.HParamsPluginData.FromString(one.plugin_data.content)
                    for tag, one in metadata.items() if one.plugin_data.plugin_name == "hparams"}
        start = messages["_hparams_/session_start_info"].session_start_info
        self.assertEqual(start.group_name, "a")
        values = {name: value.WhichOneof("kind") and getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
        for name, value in {"seed": 3, "training.optimizer.learning_rate": 0.01, "training.epochs": 2, "model.hidden": "[8]",
                            "multipliers.update": "nupi", "multipliers.step": 0.1,
                            "tolerance of demographic parity by sex": 0.15}.items():
            self.assertEqual(values[name], value, name)
        experiment = messages["_hparams_/experiment"].experiment
        self.assertEqual({info.name for info in experiment.hparam_infos}, set(values))
        metrics = {info.name.tag for info in experiment.metric_infos}
        self.assertIn("test/gap/demographic parity by sex", metrics)
        self.assertLessEqual(metrics, set(self.accumulator("a").Tags()["scalars"]))
        self.assertEqual(messages["_hparams_/session_end_info"].session_end_info.status, 1)  # STATUS_SUCCESS

    def test_each_gap_has_a_margin_chart_between_its_bounds(self):
        from tensorboard.plugins.custom_scalar import layout_pb2
        self.train("a", "tracking.tensorboard=true")
        accumulator = self.accumulator("a")
        event, = accumulator.Tensors("custom_scalars__config__")
        layout = layout_pb2.Layout.FromString(event.tensor_proto.string_val[0])
        charts = {category.title: category.chart for category in layout.category}
        self.assertEqual(list(charts), ["gaps", "multipliers", "quality"])
        self.assertEqual([chart.title for chart in charts["gaps"]], promises_of(self.results("a")))
        tags = set(accumulator.Tags()["scalars"])
        for chart in charts["gaps"]:
            gap, tolerance = chart.margin.series
            self.assertEqual([gap.lower, gap.value, gap.upper],
                             [f"gap/{what}/{chart.title}" for what in ("lower_bound", "selection", "upper_bound")])
            self.assertEqual(tolerance.value, tolerance.lower)
            self.assertLessEqual({gap.lower, gap.value, gap.upper, tolerance.value}, tags)
        import re
        for category in ("multipliers", "quality"):
            for chart in charts[category]:
                for pattern in chart.multiline.tag:
                    self.assertEqual(len([tag for tag in tags if re.search(pattern, tag)]), 1, pattern)

    def test_without_selection_rows_a_gap_stands_alone(self):
        self.train("a", "tracking.tensorboard=true", "data.split.selection=0")
        from tensorboard.plugins.custom_scalar import layout_pb2
        accumulator = self.accumulator("a")
        event, = accumulator.Tensors("custom_scalars__config__")
        layout = layout_pb2.Layout.FromString(event.tensor_proto.string_val[0])
        self.assertEqual(len(layout.category[0].chart[0].multiline.tag), 2)
        self.assertNotIn("loss/selection", accumulator.Tags()["scalars"])

    def test_members_of_a_bank_are_runs_of_their_own_and_overwriting_leaves_nothing(self):
        bank = ("+bank={tolerances: [0.1, 0.2]}", "tracking.tensorboard=true", "tracking.prometheus=true", "output.overwrite=true")
        for _ in range(2):
            self.train("bank", *bank)
        members = self.folder / "runs/bank/members"
        self.assertEqual(len(list(members.glob("*/events.out.tfevents.*"))), 2)
        self.assertEqual(len(list(self.folder.glob("runs/bank/events*"))), 0)
        self.assertEqual(len(self.curve(self.accumulator("bank/members/001"), "loss/training")), 8)
        self.assertIn('run="bank/001"', (members / "001/metrics.prom").read_text())
        self.train("bank", "output.overwrite=true")
        self.assertEqual(list(self.folder.glob("runs/bank/**/*tfevents*")) + list(self.folder.glob("runs/bank/**/metrics.prom")), [])


class Prometheus(Workspace):
    def test_a_strict_parser_reads_the_file(self):
        from prometheus_client.parser import text_string_to_metric_families
        self.train("a", "tracking.prometheus=true")
        families = {family.name: family for family in
                    text_string_to_metric_families((self.folder / "runs/a/metrics.prom").read_text())}
        self.assertTrue(all(family.type == "gauge" and family.documentation for family in families.values()))
        seen = set()
        for family in families.values():
            for sample in family.samples:
                self.assertEqual(sample.labels["run"], "a")
                self.assertIsNone(sample.timestamp)
                key = (sample.name, tuple(sorted(sample.labels.items())))
                self.assertNotIn(key, seen)
                seen.add(key)
        one = {name: family.samples[0].value for name, family in families.items() if len(family.samples) == 1}
        last, results = self.measurements("a")[-1], self.results("a")
        self.assertEqual(one["equipoise_step"], last["step"])
        self.assertEqual(one["equipoise_epoch"], last["epoch"])
        self.assertGreater(one["equipoise_rows_per_second"], 0)
        for name, field in {"gap": "selection_gaps", "driving_gap": "training_gaps", "gap_upper_bound": "selection_bounds",
                            "gap_lower_bound": "selection_lower_bounds"}.items():
            samples = families["equipoise_" + name].samples
            self.assertEqual([sample.labels["figure"] for sample in samples], results["promise_titles"])
            self.assertEqual([sample.value for sample in samples], last[field])
        self.assertEqual([s.value for s in families["equipoise_tolerance"].samples], results["promise_tolerances"])
        self.assertEqual([s.labels["row"] for s in families["equipoise_multiplier"].samples], results["multiplier_titles"])
        self.assertEqual([s.value for s in families["equipoise_multiplier"].samples], last["multipliers"])
        verdicts = [(s.labels["constraint"], s.labels["group"], s.labels["verdict"], s.value)
                    for s in families["equipoise_verdict"].samples]
        self.assertEqual(verdicts, [(c["title"].split(", ")[0], c["grouping"], c["verdict"], 1)
                                    for c in results["splits"][0]["constraints"]])
        status = families["equipoise_run_info"].samples[0].labels["status"]
        self.assertEqual(status, "finished")


class WithoutTracking(Workspace):
    def test_nothing_is_written_that_was_not_asked_for(self):
        self.train("a")
        names = {path.name for path in (self.folder / "runs/a").iterdir()}
        self.assertEqual(names, {"config.yaml", "data.json", "encoder.json", "constraints.json", "model.safetensors", "model.json",
                                 "measurements.jsonl", "results.json", "report.html", "run.json"})

    def test_a_tracker_that_cannot_write_is_a_warning(self):
        # A folder stands where the file should go.
        config = self.folder / "config.yaml"
        config.write_text(config.read_text().replace("epochs: 2", "epochs: 400"))
        import subprocess, time
        started = subprocess.Popen([self.program, "train", "config.yaml", "output.run=a", "tracking.prometheus=true"], cwd=self.folder,
                                   env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        prom = self.folder / "runs/a/metrics.prom"
        while not prom.exists() and started.poll() is None:
            time.sleep(0.01)
        prom.unlink()
        prom.mkdir()
        errors = started.communicate(timeout=300)[1]
        self.assertEqual(started.returncode, 0, errors)
        self.assertIn("Prometheus is told no more of this run: cannot write", errors)


if __name__ == "__main__":
    tracking_workspace.main()
