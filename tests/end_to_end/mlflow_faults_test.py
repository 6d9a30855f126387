"""Servers that refuse, lie, hang or forget their answers: a training never fails or waits for them, and says what is wrong."""

import base64
import http.server
import json
import pathlib
import socketserver
import ssl
import subprocess
import threading
import urllib.error
import urllib.request

import tracking_workspace
from mlflow_test import WithServer
from tracking_workspace import MlflowServer, Workspace


class StandIn:
    """A server on loopback whose every answer `reply(handler)` gives."""

    def __init__(self, reply):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self):
                self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                reply(self)

            do_GET = do_POST = do_PUT = respond

            def answer(self, status, body, **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Refusals(Workspace):
    def warned(self, reply, *words, scheme="http", environment=None):
        server = StandIn(reply)
        self.addCleanup(server.stop)
        done = self.train("a", f"tracking.mlflow.uri={server.uri.replace('http', scheme, 1)}", "tracking.mlflow.wait=1.5",
                          "output.overwrite=true", *words, environment=environment)
        self.assertTrue((self.folder / "runs/a/mlflow_spool.jsonl").exists())
        self.assertTrue((self.folder / "runs/a/report.html").exists())
        return done.stderr

    def test_a_page_that_is_no_mlflow(self):
        self.assertIn("it answered 404 without MLflow's JSON", self.warned(lambda to: to.answer(404, b"<html>no such page</html>")))

    def test_an_answer_that_is_no_json(self):
        self.assertIn("without JSON, as no MLflow server does", self.warned(lambda to: to.answer(200, b"<html>welcome</html>")))

    def test_json_of_another_form(self):
        for body in (b'{"experiment": 7}', b'{"experiment": {"experiment_id": 7}}', b'{"run": []}', b"[]", b"{}", b'{"experiment_id": "1", "run": {"info": {}}}'):
            self.assertIn("The MLflow server", self.warned(lambda to: to.answer(200, body)))

    def test_a_server_with_a_fault(self):
        error = self.warned(lambda to: to.answer(500, b'{"error_code": "INTERNAL_ERROR", "message": "the store is gone"}'))
        self.assertIn("is away (it answered 500: the store is gone)", error)

    def test_a_server_that_never_answers(self):
        held = threading.Event()
        self.addCleanup(held.set)
        self.assertIn("has not got all of this run", self.warned(lambda to: held.wait()))

    def test_a_server_that_sends_another_address(self):
        seen = []
        other = StandIn(lambda to: (seen.append(to.path), to.answer(200, b"{}")))
        self.addCleanup(other.stop)
        error = self.warned(lambda to: to.answer(302, b"", Location=other.uri + "/login"))
        self.assertIn(f"it answered 302 and points to '{other.uri}/login'", error)
        self.assertEqual(seen, [])

    def test_https_where_there_is_http(self):
        self.assertIn("does not take this run: SSL connect error", self.warned(lambda to: to.answer(200, b"{}"), scheme="https"))

    def test_an_endless_answer(self):
        def endless(to):
            to.send_response(200)
            to.end_headers()
            try:
                while True:
                    to.wfile.write(b" " * 65536)
            except OSError:
                to.close_connection = True
        self.assertIn("its answer is longer than 16 MiB", self.warned(endless))

    def test_an_address_that_is_none_is_refused_before_training(self):
        for uri, message in {"sqlite:///x.db": "expected http://HOST:PORT", "http://me:geheim@host": "MLFLOW_TRACKING_TOKEN",
                             "http://host?token=geheim": "MLFLOW_TRACKING_TOKEN"}.items():
            done = self.run_program("train", "config.yaml", f"tracking.mlflow.uri={uri}")
            self.assertEqual(done.returncode, 2)
            self.assertIn("tracking.mlflow.uri", done.stderr)
            self.assertIn(message, done.stderr)
            self.assertFalse((self.folder / "runs").exists())

    def test_track_says_what_it_cannot_send(self):
        self.train("a")
        done = self.run_program("track", "runs/a")
        self.assertEqual(done.returncode, 3)
        self.assertIn("was not meant for an MLflow server: it has no tracking.json", done.stderr)
        done = self.run_program("track", "runs/a", "--wait", "soon")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--wait is 'soon', expected seconds", done.stderr)


class Credentials(Workspace):
    def headers(self, environment):
        seen = []

        def refuse(to):
            seen.append(to.headers.get("Authorization"))
            to.answer(401, b"who are you")
        server = StandIn(refuse)
        self.addCleanup(server.stop)
        done = self.train("a", f"tracking.mlflow.uri={server.uri}", "tracking.tensorboard=true", "output.overwrite=true",
                          environment=environment)
        self.assertIn("it answered 401: set MLFLOW_TRACKING_TOKEN", done.stderr)
        written = b"".join(path.read_bytes() for path in (self.folder / "runs").rglob("*") if path.is_file())
        for secret in environment.values():
            self.assertNotIn(secret.encode(), written)
            self.assertNotIn(secret, done.stdout + done.stderr)
        return seen

    def test_a_token_is_sent_and_written_nowhere(self):
        self.assertEqual(self.headers({"MLFLOW_TRACKING_TOKEN": "geheim-7"}), ["Bearer geheim-7"])

    def test_a_user_and_a_password_are(self):
        wanted = "Basic " + base64.b64encode(b"anna:geheim-8").decode()
        self.assertEqual(self.headers({"MLFLOW_TRACKING_USERNAME": "anna", "MLFLOW_TRACKING_PASSWORD": "geheim-8"})[-1], wanted)

    def test_a_token_goes_to_the_address_of_the_config_alone(self):
        seen = []
        other = StandIn(lambda to: (seen.append(to.headers.get("Authorization")), to.answer(401, b"")))
        self.addCleanup(other.stop)
        self.train("a", "tracking.mlflow.uri=http://127.0.0.1:9", "tracking.mlflow.wait=0")
        state = self.folder / "runs/a/tracking.json"
        state.write_text(state.read_text().replace("http://127.0.0.1:9", other.uri))
        environment = {"MLFLOW_TRACKING_TOKEN": "geheim-9"}
        done = self.run_program("track", "runs/a", "--wait", "1", environment=environment)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(f"sent to the first only where you say so, with --uri {other.uri}", done.stderr)
        self.assertEqual(seen, [])
        done = self.run_program("track", "runs/a", "--wait", "1", "--uri", other.uri, environment=environment)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("Bearer geheim-9", seen)

    def test_a_token_with_a_line_end_is_refused_unseen(self):
        done = self.train("a", "tracking.mlflow.uri=http://127.0.0.1:9", environment={"MLFLOW_TRACKING_TOKEN": "geheim\r\nX: y"})
        self.assertIn("MLFLOW_TRACKING_TOKEN in the environment has a line end in it", done.stderr)
        self.assertNotIn("geheim", done.stderr)


class OverHttps(WithServer):
    def secured(self):
        """https in front of the real server, with a certificate of its own."""
        certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        server = StandIn(lambda to: forward(to, self.server.uri))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
        self.addCleanup(server.stop)
        return server.uri.replace("http", "https", 1), certificate

    def test_an_authority_that_is_named_is_trusted_and_no_other(self):
        self.server.start()
        uri, certificate = self.secured()
        words = [f"tracking.mlflow.uri={uri}", self.words[1]]
        done = self.train("stranger", *words)
        self.assertIn("does not take this run: SSL peer certificate", done.stderr)
        done = self.train("a", *words, environment={"MLFLOW_TRACKING_SERVER_CERT_PATH": str(certificate)})
        self.assertNotIn("warning", done.stderr)
        run, = self.runs()
        self.assert_each_once(run, "a")


def forward(to, uri):
    """Hands a request on and its answer back."""
    request = urllib.request.Request(uri + to.path, data=to.content or None, method=to.command,
                                     headers={"Content-Type": to.headers.get("Content-Type") or "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request) as answer:
            to.answer(answer.status, answer.read())
    except urllib.error.HTTPError as error:
        to.answer(error.code, error.read())


class RealServer(WithServer):
    def test_answers_that_get_lost_double_nothing(self):
        self.server.start()
        losses = []

        class Nowhere:  # takes an answer and forgets it
            def __init__(self, to):
                self.path, self.command, self.content, self.headers = to.path, to.command, to.content, to.headers

            def answer(self, *_):
                pass

        def forget_some(to):
            call = to.path.split("/")[-1].split("?")[0]
            known = sum(1 for one in losses if one == call)
            # The run, the settings, then two of the metrics' batches: the server has them, and nobody hears so.
            if known < {"create": 1, "log-batch": 4, "update": 1}.get(call, 0):
                losses.append(call)
                forward(Nowhere(to), self.server.uri)
                to.close_connection = True
                to.connection.close()
                return
            forward(to, self.server.uri)
        between = StandIn(forget_some)
        self.addCleanup(between.stop)
        done = self.train("a", f"tracking.mlflow.uri={between.uri}", self.words[1], "tracking.mlflow.wait=120")
        self.assertEqual(losses.count("log-batch"), 4, losses)
        run, = self.runs()
        self.assertEqual(run.info.status, "FINISHED", done.stderr)
        self.assert_each_once(run, "a")

    def test_two_jobs_that_make_the_sweeps_run_at_once_leave_one(self):
        self.server.start()
        together = threading.Barrier(2)

        def make_both(to):
            request = json.loads(to.content) if to.path.endswith("runs/create") else {}
            tags = {tag["key"]: tag["value"] for tag in request.get("tags", [])}
            # Of the sweep itself: neither job is answered before both have looked for it and found nothing.
            if "equipoise.sweep" in tags and tags["equipoise.sweep"] == tags["equipoise.key"]:
                together.wait(60)
            forward(to, self.server.uri)
        between = StandIn(make_both)
        self.addCleanup(between.stop)
        done = self.run_program("sweep", "config.yaml", "-m", "model.hidden=[4],[8]", "--folder", "sweep", "--workers", "2",
                                "training.epochs=1", f"tracking.mlflow.uri={between.uri}", self.words[1], "tracking.mlflow.wait=60")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(together.broken)
        runs = self.runs()
        parent, = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
        self.assertEqual(len(runs), 3)
        self.assertEqual({run.data.tags["mlflow.parentRunId"] for run in runs if run is not parent}, {parent.info.run_id})
        self.assertEqual({run.info.status for run in runs}, {"FINISHED"})

    def test_a_deleted_experiment_is_named(self):
        self.server.start()
        client = self.client()
        client.delete_experiment(client.create_experiment(self.experiment))
        done = self.train("a", *self.words)
        self.assertIn(f"its experiment '{self.experiment}' was deleted: restore it there", done.stderr)
        client.restore_experiment(client.get_experiment_by_name(self.experiment).experiment_id)
        sent = self.run_program("track", "runs/a")
        self.assertEqual(sent.returncode, 0, sent.stderr)
        run, = self.runs()
        self.assert_each_once(run, "a")

    def test_artefacts_of_a_server_that_takes_none_stay_here(self):
        self.server = MlflowServer(self.folder / "plain", ("--no-serve-artifacts", "--default-artifact-root", str(self.folder / "store")))
        self.addCleanup(self.server.kill)
        self.server.start()
        done = self.train("a", f"tracking.mlflow.uri={self.server.uri}", self.words[1])
        self.assertIn("artefacts stay in the run folder: the server keeps its own at '", done.stderr)
        self.assertEqual(done.stderr.count("artefacts stay"), 1)
        run, = self.runs()
        self.assertEqual(run.info.status, "FINISHED")
        self.assertFalse((self.folder / "store").exists() and any((self.folder / "store").rglob("report.html")))

    def test_a_run_that_was_deleted_there_is_told_no_more(self):
        self.server.start()
        started = self.start("output.run=a", "training.epochs=400", "tracking.mlflow.wait=5")
        self.until(lambda: self.sent("a") > 2, "no metrics were sent")
        run, = self.runs()
        self.client().delete_run(run.info.run_id)
        _, errors = started.communicate(timeout=300)
        self.assertEqual(started.returncode, 0, errors)
        self.assertIn("MLflow refuses metrics", errors)


if __name__ == "__main__":
    tracking_workspace.main()
