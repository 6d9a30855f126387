"""What the GPU of this machine is and can do, asked through torch and nvidia-smi; for gpu_check.py."""

import os
import platform
import re
import statistics
import subprocess


def torch_or_none():
    try:
        import torch
    except ImportError:
        return None
    return torch


def why_no_gpu():
    """A sentence when there is no GPU to use, else None."""
    torch = torch_or_none()
    if torch is None:
        return "this python3 has no torch"
    if torch.version.cuda is None:
        return f"torch {torch.__version__} is built without CUDA"
    if not torch.cuda.is_available():
        return f"no GPU on this machine that torch {torch.__version__} can use"
    return None


def capability():
    major, minor = torch_or_none().cuda.get_device_capability()
    return f"{major}.{minor}"


def asked_of_driver(fields):
    """Values by field of nvidia-smi's first GPU; empty where it is not installed."""
    try:
        words = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits", "--id=0"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    values = done.stdout.strip().split(", ")
    return dict(zip(fields, values)) if done.returncode == 0 and len(values) == len(fields) else {}


def machine():
    gpu = torch_or_none().cuda.get_device_properties(0)
    model = ""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = re.search(r"model name\s*:\s*(.*)", file.read())[1]
    except (OSError, TypeError):
        pass
    return {"gpu": gpu.name, "compute_capability": capability(), "multiprocessors": gpu.multi_processor_count,
            "memory_bytes": gpu.total_memory, "l2_bytes": getattr(gpu, "L2_cache_size", None),
            "cpu": model, "cpus": os.cpu_count(), "system": platform.platform(), "libc": " ".join(platform.libc_ver()),
            "driver": asked_of_driver(["driver_version", "clocks.max.sm", "clocks.max.mem", "power.limit"])}


def versions(folder):
    torch = torch_or_none()
    found = {"torch": torch.__version__, "cuda_runtime": torch.version.cuda, "python": platform.python_version()}
    cache = (folder / "CMakeCache.txt").read_text()
    for name, key in (("nvcc", "CMAKE_CUDA_COMPILER"), ("cxx", "CMAKE_CXX_COMPILER")):
        if compiler := re.search(rf"^{key}:\w+=(.*)$", cache, re.MULTILINE):
            try:
                lines = subprocess.run([compiler[1], "--version"], capture_output=True, text=True).stdout.splitlines()
            except OSError:
                continue  # built on another machine
            found[name] = next((line for line in lines if "release" in line), lines[0] if lines else "")
    return found


def seconds_each(call, calls):
    """Per call of `calls` queued behind each other, on the GPU's clock: the median of seven."""
    torch = torch_or_none()
    call()
    torch.cuda.synchronize()
    taken = []
    for _ in range(7):
        start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(calls):
            call()
        stop.record()
        stop.synchronize()
        taken.append(start.elapsed_time(stop) * 1e-3 / calls)
    return statistics.median(taken)


def limits():
    """The machine's own: bytes read and written a second by a copy of 2 GiB; bf16 products of 8192^3, random."""
    torch = torch_or_none()
    source = torch.ones(1 << 29, device="cuda")
    target = torch.empty_like(source)
    copy = 2 * source.nbytes / seconds_each(lambda: target.copy_(source), 5)
    del source, target
    size = 8192
    a, b = (torch.randn(size, size, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    out = torch.empty_like(a)
    products = 2 * size**3 / seconds_each(lambda: torch.matmul(a, b, out=out), 10)
    clocks = asked_of_driver(["clocks.sm", "clocks.mem", "temperature.gpu", "power.draw"])
    return {"copy_bytes_per_second": copy, "bf16_flop_per_second": products, "right_after": clocks}
