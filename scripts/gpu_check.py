"""Builds, tests and times the kernels on the GPU present: see gpu_check.sh, which starts this."""

import argparse
import concurrent.futures
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import gpu_facts

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Hundreds of shapes, or hundreds of thousands of rows: minutes each under compute-sanitizer.
LARGE_TESTS = ("CellStatsCudaTest.AgreesWithTheCpu*:PushCudaTest.AgreesWithTheCpu:*RepeatsBitForBit:*ALargeBank:"
               "LogitLayerCudaTest.AgreesWithTheCpu:MeasurePricePushCudaTest.*OverSeveralBatches:ScoreCurvesCudaTest.*AgreeWithTheCpu:"
               "ScoreCurvesCudaTest.*AgreesWithTheCpu:ActivateCudaTest.BackwardAgreesWithTheCpu:"
               "OutcomeStatsCudaTest.AgreesWithTheCpu*:OutcomePushCudaTest.AgreesWithTheCpu:"
               "NeighborsCudaTest.AgreesWithTheCpu*:NeighborsCudaTest.LongLists*:MakeRowsCudaTest.TakesCopulas*:"
               "GatherCudaTest.MixesRowsAsTheCpuDoes")


def say(text):
    print(f"[gpu_check] {text}", flush=True)


def give_up(text):
    print(f"gpu_check.sh: {text}", file=sys.stderr)
    sys.exit(2)


def run(words, log, timeout=300, **environment):
    """Runs a program, keeps its output in `log`; returns (exit code or None when time ran out, output, seconds)."""
    started = time.monotonic()
    try:
        done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=timeout, cwd=ROOT, env=os.environ | environment)
        code, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        kept = late.stdout or ""
        code, output = None, kept if isinstance(kept, str) else kept.decode(errors="replace")
    log.write_text(output)
    return code, output, round(time.monotonic() - started, 2)


def build(folder, capability):
    configure = ["cmake", "-S", "kernels", "-B", folder, "-G", "Ninja", f"-DEQUIPOISE_PYTHON={sys.executable}",
                 f"-DCMAKE_CUDA_ARCHITECTURES={capability.replace('.', '')}", "-DEQUIPOISE_CUDA=ON",
                 "-DEQUIPOISE_TESTS=ON", "-DEQUIPOISE_BENCHMARKS=ON"]
    jobs = os.environ.get("EQUIPOISE_JOBS", str(os.cpu_count()))
    for name, words in (("configure", configure), ("build", ["ninja", "-C", folder, "-j", jobs])):
        log = folder / f"{name}.log"
        say(f"{name} (log: {log})")
        code, output, seconds = run(words, log, timeout=3000)
        if code != 0:
            give_up(f"{name} failed, the whole log is {log}:\n{output[-3000:]}")
    return seconds


def test_run(program, log, filter="*", before=(), timeout=300, **environment):
    """Counts from the program's own summary, which GoogleTest and the stand-in write alike."""
    code, output, seconds = run([*before, program, f"--gtest_filter={filter}"], log, timeout, **environment)
    counts = {name: int(found[1]) if (found := re.search(pattern, output)) else 0
              for name, pattern in (("ran", r"\[=+\] (\d+) tests?.*ran\."), ("passed", r"\[  PASSED  \] (\d+) test"),
                                    ("skipped", r"\[  SKIPPED \] (\d+) test"))}
    failed = sorted(set(re.findall(r"^\[  FAILED  \] (\S+)", output, re.MULTILINE)))
    return {"exit_code": code, "seconds": seconds, **counts, "failed": [name for name in failed if "." in name]}


def tests_passed(result):
    return result["exit_code"] == 0 and result["ran"] > 0 and result["skipped"] == 0


def sanitize(folder):
    """memcheck and racecheck on the small cases; each allocation is a real one, so that no access hides in a pool."""
    tool = shutil.which("compute-sanitizer") or shutil.which("/usr/local/cuda/bin/compute-sanitizer")
    if not tool:
        say("compute-sanitizer is not installed: skipped")
        return {"skipped": "compute-sanitizer is not installed"}

    def one(check):
        log = folder / f"{check}.log"
        result = test_run(folder / "bin/kernels_cuda_test", log, filter=f"-{LARGE_TESTS}", timeout=150,
                          before=(tool, "--tool", check, "--error-exitcode", "9"), PYTORCH_NO_CUDA_MEMORY_CACHING="1")
        return result | {"summary": [line.strip("= ") for line in log.read_text().splitlines() if "SUMMARY" in line]}

    checks = ("memcheck", "racecheck")
    say(f"compute-sanitizer, side by side: {', '.join(checks)}")
    with concurrent.futures.ThreadPoolExecutor(len(checks)) as pool:
        return dict(zip(checks, pool.map(one, checks)))


def benchmark(program, folder, min_time):
    """Runs a program of Google Benchmark's kind; keeps its figures and words in `folder`."""
    name = program.name
    say(name)
    figures, log = folder / f"{name}.json", folder / f"{name}.log"
    figures.unlink(missing_ok=True)
    words = [program, f"--benchmark_min_time={min_time}", f"--benchmark_out={figures}"]
    code, output, seconds = run(words, log)
    try:
        cases = json.loads(figures.read_text())["benchmarks"]
    except (OSError, ValueError, KeyError) as error:
        return {"exit_code": code, "seconds": seconds, "error": f"no figures: {error}; {output[-500:]}", "cases": []}
    return {"exit_code": code, "seconds": seconds, "cases": cases}


def benchmarks_passed(result):
    cases = result["cases"]
    return result["exit_code"] == 0 and bool(cases) and not any(case.get("error_occurred") for case in cases)


def commit():
    words = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(words, capture_output=True, text=True, cwd=ROOT).stdout.strip() or "unknown"
    except OSError:
        return "unknown"


def kernel_resources(folder):
    words = [sys.executable, str(ROOT / "scripts/kernel_resources.py"), "--json", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        give_up(done.stderr or done.stdout)
    return json.loads(done.stdout), done.returncode == 0


def write(path, report):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")


def measure(arguments, folder, report):
    """Everything that needs the GPU, into `report`, which is written after each part: a machine may be taken away."""
    def add(**parts):
        report.update(parts)
        write(arguments.output, report)

    say("tests on the GPU")
    on_gpu = test_run(folder / "bin/kernels_cuda_test", folder / "kernels_cuda_test.log")
    say(f"{on_gpu['passed']} of {on_gpu['ran']} passed, {on_gpu['skipped']} skipped")
    report["tests"]["cuda"] = on_gpu
    sanitizer = sanitize(folder)
    add(sanitizer=sanitizer)
    say("copy bandwidth and matrix products")
    add(limits=gpu_facts.limits(), benchmarks={})
    programs = [folder / "bin/kernels_cuda_benchmark", folder / "bin/kernels_benchmark"]
    if arguments.step_benchmark:
        programs.insert(1, arguments.step_benchmark.resolve())
    for program in programs:
        report["benchmarks"][program.name] = benchmark(program, folder, arguments.min_time)
        add()
    return (tests_passed(on_gpu) and all(map(benchmarks_passed, report["benchmarks"].values()))
            and all(tests_passed(result) for result in sanitizer.values() if isinstance(result, dict)))


def main():
    parser = argparse.ArgumentParser(prog="gpu_check.sh")
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/gpu_check")
    parser.add_argument("--built", type=pathlib.Path)
    parser.add_argument("--step-benchmark", type=pathlib.Path)
    parser.add_argument("--min-time", type=float, default=0.05)
    parser.add_argument("--build-only", action="store_true")
    arguments = parser.parse_args()
    if not arguments.build_only and not arguments.output:
        give_up("--output FILE.json is missing")
    if arguments.built and not os.access(arguments.built / "bin/kernels_cuda_test", os.X_OK):
        give_up(f"--built {arguments.built} has no program bin/kernels_cuda_test")
    if arguments.step_benchmark and not os.access(arguments.step_benchmark, os.X_OK):
        give_up(f"--step-benchmark {arguments.step_benchmark} is not a program: build the target step_benchmark")
    reason = gpu_facts.why_no_gpu()
    if reason and not arguments.build_only:
        give_up(f"{reason}. Nothing was checked; --build-only builds without a GPU")
    folder = (arguments.built or arguments.build).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    build_seconds = None if arguments.built else build(folder, "9.0" if reason else gpu_facts.capability())
    resources, no_local_memory = kernel_resources(folder)
    say(f"{len(resources)} kernels, " + ("none" if no_local_memory else "SOME") + " with spills or a stack frame")
    say("tests on the CPU")
    on_cpu = test_run(folder / "bin/kernels_test", folder / "kernels_test.log")
    say(f"{on_cpu['passed']} of {on_cpu['ran']} passed")
    if arguments.build_only:
        say("built; the CUDA tests and the benchmarks were not run (--build-only)")
        return 0 if no_local_memory and tests_passed(on_cpu) else 1

    started = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    report = {"format": 1, "passed": False, "started": started, "commit": None if arguments.built else commit(), "machine": gpu_facts.machine(),
              "versions": gpu_facts.versions(folder), "build_seconds": build_seconds, "kernels": resources,
              "tests": {"cpu": on_cpu}}
    passed = measure(arguments, folder, report) and no_local_memory and tests_passed(on_cpu)
    write(arguments.output, report | {"passed": passed})
    say(f"{'passed' if passed else 'NOT PASSED'}: {arguments.output}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
