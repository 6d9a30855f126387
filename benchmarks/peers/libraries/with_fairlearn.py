"""Fairlearn: the exponentiated gradient reduction and the threshold optimizer of its user guide."""
from fairlearn.postprocessing import ThresholdOptimizer
from fairlearn.reductions import DemographicParity, EqualizedOdds, ExponentiatedGradient
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression

from . import boosters


def reduction(data, constraint, tolerances, seed, estimator):
    moment = DemographicParity if constraint == "parity" else EqualizedOdds
    rows = data.learning
    inputs = {"logistic": (rows.matrix, data.test.matrix), "lightgbm": None}[estimator] or (data.table(rows), data.table(data.test))
    for tolerance in tolerances:
        base = LogisticRegression(max_iter=1000) if estimator == "logistic" else LGBMClassifier(n_jobs=1, random_state=seed, verbose=-1)
        # Its constraint holds each group against everybody; half the tolerance there keeps any two groups within the tolerance.
        learnt = ExponentiatedGradient(base, moment(difference_bound=tolerance / 2))
        learnt.fit(inputs[0], rows.label, sensitive_features=rows.group)
        yield tolerance, learnt.predict(inputs[1], random_state=seed)


def thresholds(data, constraint, tolerances, seed):
    base = boosters.lightgbm_early_stopped(data, seed)
    selection, test = data.table(data.selection), data.table(data.test)
    for tolerance in tolerances:
        # Its odds are made exactly equal: it takes no tolerance for them.
        learnt = ThresholdOptimizer(estimator=base, constraints="demographic_parity" if constraint == "parity" else "equalized_odds",
                                    objective="accuracy_score", prefit=True, predict_method="predict_proba",
                                    tol=tolerance if constraint == "parity" else None)
        learnt.fit(selection, data.selection.label, sensitive_features=data.selection.group)
        yield tolerance, learnt.predict(test, sensitive_features=data.test.group, random_state=seed)
