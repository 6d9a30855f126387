"""The file that `equipoise sweep --kubernetes` writes, against the schema of batch/v1 Jobs that Kubernetes publishes."""
import os
import pathlib
import subprocess
import tempfile
import unittest

try:
    import kubernetes_validate
    import yaml
except ImportError:
    kubernetes_validate = None

# A name that YAML would take for a number.
CONFIG = """name: "2024"
data: {files: people.csv, label: {column: income, positive: "yes"}, groups: [{column: sex}]}
"""


@unittest.skipIf(kubernetes_validate is None, "the package kubernetes-validate, which holds the published schema, is not installed (scripts/setup.sh --tests)")
class KubernetesFile(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        path = pathlib.Path(self.folder.name)
        (path / "config.yaml").write_text(CONFIG)
        subprocess.run([os.environ["EQUIPOISE_PROGRAM"], "sweep", "config.yaml", "-m", "training.epochs=1,2", "model.hidden=[4],[8]",
                        "--folder", "shared/sweep", "--kubernetes", "job.yaml", "--workers", "2"], cwd=path, check=True,
                       stdout=subprocess.DEVNULL)
        self.job = yaml.safe_load((path / "job.yaml").read_text())

    def test_the_file_is_a_job(self):
        kubernetes_validate.validate(self.job, kubernetes_validate.latest_version(), strict=True)

    def test_an_index_that_fails_ends_no_other(self):
        self.assertEqual(self.job["spec"]["backoffLimitPerIndex"], 2)
        self.assertNotIn("backoffLimit", self.job["spec"])

    def test_the_schema_finds_what_is_wrong(self):
        self.job["spec"]["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"] = ["seventy-five"]
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(self.job, kubernetes_validate.latest_version(), strict=True)


if __name__ == "__main__":
    unittest.main()
