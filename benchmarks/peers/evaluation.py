#!/usr/bin/env python3
"""Evaluation of scored rows: Equipoise beside scikit-learn and Fairlearn's MetricFrame, on the same rows.

usage: evaluation.py [--benchmark PATH] [--rows N] [--repeats N] [--frames N]

Runs build/release/bin/evaluation_benchmark, which writes its rows and figures, then does the same work in Python:
AUC of everyone and of 8 groups, selection, true and false positive rates and accuracy of the groups at .5, parity and
odds gaps at 100 thresholds; figures are compared. The thresholds are done twice: by scikit-learn's roc_curve, one per
group, from which all rates follow, and, as Fairlearn's guides do, by a MetricFrame at each threshold, of which --frames
are timed (0: none) and reckoned up to 100. Python is spared the confidence intervals that Equipoise's time includes.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

ROOT = pathlib.Path(__file__).resolve().parents[2]

try:
    import numpy as np
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import accuracy_score, roc_auc_score, roc_curve
except ImportError as error:
    sys.exit(f"{error}: pip install fairlearn scikit-learn pandas (in a virtual environment), and run this with its python")

RATES = {"selection_rate": selection_rate, "true_positive_rate": true_positive_rate,
         "false_positive_rate": false_positive_rate}
THRESHOLDS = np.arange(1, 101) / 101.0


def areas_and_rates(scores, labels, groups):
    areas = MetricFrame(metrics=roc_auc_score, y_true=labels, y_pred=scores, sensitive_features=groups)
    rates = MetricFrame(metrics={**RATES, "accuracy": accuracy_score}, y_true=labels, y_pred=scores > 0.5,
                        sensitive_features=groups)
    return areas.by_group.to_numpy(), rates.by_group


def gaps_by_curves(scores, labels, groups):
    """[thresholds] parity and odds gaps, by one curve per group."""
    selected, true, false = [], [], []
    for group in np.unique(groups):
        own = groups == group
        of_group = labels[own]
        false_positive, true_positive, edges = roc_curve(of_group, scores[own], drop_intermediate=False)
        # edges descend and count scores >= edge: the last edge above the threshold counts scores > threshold
        place = np.searchsorted(-edges, -THRESHOLDS, side="left") - 1
        share = of_group.mean()
        true.append(true_positive[place])
        false.append(false_positive[place])
        selected.append(share * true[-1] + (1 - share) * false[-1])
    spread = [np.max(rates, axis=0) - np.min(rates, axis=0) for rates in (selected, true, false)]
    return spread[0], np.maximum(spread[1], spread[2])


def gaps_by_frame(scores, labels, groups, threshold):
    spread = MetricFrame(metrics=RATES, y_true=labels, y_pred=scores > threshold, sensitive_features=groups).difference()
    return spread["selection_rate"], max(spread["true_positive_rate"], spread["false_positive_rate"])


def timed(work, repeats):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark", default=str(ROOT / "build/release/bin/evaluation_benchmark"))
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--frames", type=int, default=3)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([arguments.benchmark, str(arguments.rows), str(arguments.repeats), str(folder)], check=True)
        own = json.loads((folder / "figures.json").read_text())
        scores = np.fromfile(folder / "scores.f64", dtype=np.float64)
        labels = np.fromfile(folder / "labels.u8", dtype=np.uint8)
        groups = np.fromfile(folder / "groups.i32", dtype=np.int32)

    rates_seconds, (areas, rates) = timed(lambda: areas_and_rates(scores, labels, groups), arguments.repeats)
    np.testing.assert_allclose(areas, own["auc"], atol=1e-9)
    for name in RATES:
        np.testing.assert_allclose(rates[name].to_numpy(), own[name], atol=1e-12)
    curve_seconds, (parity, odds) = timed(lambda: gaps_by_curves(scores, labels, groups), arguments.repeats)
    np.testing.assert_allclose(parity, own["parity_gap"], atol=1e-9)
    np.testing.assert_allclose(odds, own["odds_gap"], atol=1e-9)

    peer = rates_seconds + curve_seconds
    print(f"scikit-learn and Fairlearn: AUC and rates {rates_seconds:.3f} s, 100 thresholds by roc_curve "
          f"{curve_seconds:.3f} s: {peer:.3f} s, {peer / own['seconds']:.1f} x Equipoise's {own['seconds']:.3f} s "
          "(at least 5 asked)")
    if arguments.frames > 0:
        frame_seconds = []
        for threshold in np.linspace(0, 99, arguments.frames).astype(int):
            seconds, gaps = timed(lambda: gaps_by_frame(scores, labels, groups, THRESHOLDS[threshold]), 1)
            np.testing.assert_allclose(gaps, (own["parity_gap"][threshold], own["odds_gap"][threshold]), atol=1e-9)
            frame_seconds.append(seconds)
        peer = rates_seconds + 100 * statistics.mean(frame_seconds)
        print(f"with a MetricFrame at each threshold ({arguments.frames} timed, {statistics.mean(frame_seconds):.3f} s each): "
              f"{peer:.1f} s, {peer / own['seconds']:.0f} x")


if __name__ == "__main__":
    main()
