"""One unit of work in a process of its own: `python -m libraries.worker JSON` prints a line of JSON for each tolerance that is done."""
import importlib
import json
import os
import resource
import sys
import time
import warnings

from . import measures, tasks
from .methods import METHODS


def processor_seconds():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main():
    warnings.simplefilter("ignore")
    unit = json.loads(sys.argv[1])
    out, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr  # libraries print where they like
    os.dup2(2, 1)
    method = METHODS[unit["method"]]
    data = tasks.at_seed(unit["task"], unit["seed"])
    module, function = method.call.split(":")
    run = getattr(importlib.import_module(f".{module}", __package__), function)
    decided = run(unit["task"] if method.ours else data, unit["constraint"], unit["tolerances"], unit["seed"], **method.options)
    started = time.perf_counter(), processor_seconds()
    for tolerance, decisions in decided:
        spent = time.perf_counter() - started[0], processor_seconds() - started[1]
        cells = measures.cells_of(decisions, data.test.label, data.test.group, data.group_names)
        print(json.dumps({"tolerance": tolerance, "cells": cells, "seconds": round(spent[0], 2), "processor_seconds": round(spent[1], 2)}),
              file=out, flush=True)
        started = time.perf_counter(), processor_seconds()


if __name__ == "__main__":
    main()
