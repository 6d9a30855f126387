"""OxonFair: XGBoost and FairPredictor as in its README, fitted to the selection rows; with groups told, and with groups inferred."""
import numpy as np
from oxonfair import FairPredictor
from oxonfair import group_metrics as gm
from xgboost import XGBClassifier

# Version 0.3 ends in this where no row is in one of several groups that it deals rows into (`uniq != [1]` of an array): the group of those of
# whom the classifier of groups is unsure, or one that is nobody's likeliest.
NOBODY_IN_A_GROUP = "truth value of an array"


def fitted(of_label, told, metric, tolerance, more):
    """Inferred groups of whom the classifier is unsure are a group of their own; where it is never unsure, `threshold=0` has none."""
    try:
        return FairPredictor(of_label, told, **more).fit(gm.accuracy, metric, tolerance)
    except ValueError as error:
        if not more or NOBODY_IN_A_GROUP not in str(error):
            raise
        return FairPredictor(of_label, told, threshold=0, **more).fit(gm.accuracy, metric, tolerance)


def inferring(of_group, rows):
    """The classifier's probabilities of groups that are the likeliest of some row: the others' thresholds would be used for nobody."""
    likeliest = np.unique(of_group.predict_proba(rows).argmax(1))
    return lambda rows: of_group.predict_proba(rows)[:, likeliest]


def run(data, constraint, tolerances, seed, inferred):
    def booster():
        return XGBClassifier(enable_categorical=True, n_jobs=1, random_state=seed)

    train, selection, test = (data.table(rows) for rows in (data.train, data.selection, data.test))
    of_label = booster().fit(train, data.train.label)
    told = {"data": selection, "target": data.selection.label, "groups": data.selection.group}
    more = {"inferred_groups": inferring(booster().fit(train, data.train.group), selection)} if inferred else {}
    # The largest difference of any two groups, which is what is measured here; `demographic_parity` averages pairs.
    metric = gm.pos_pred_rate.max_diff if constraint == "parity" else gm.equalized_odds_max
    fair = fitted(of_label, told, metric, tolerances[0], more)
    asked = {"data": test, "target": data.test.label, "groups": data.test.group}
    for tolerance in tolerances:
        yield tolerance, fair.fit(gm.accuracy, metric, tolerance, recompute=False).predict(asked)
