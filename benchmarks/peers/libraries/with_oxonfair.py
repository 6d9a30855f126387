"""OxonFair: XGBoost and FairPredictor as in its README, fitted to the selection rows; with groups told, and with groups inferred."""
from oxonfair import FairPredictor
from oxonfair import group_metrics as gm
from xgboost import XGBClassifier


def run(data, constraint, tolerances, seed, inferred):
    def booster():
        return XGBClassifier(enable_categorical=True, n_jobs=1, random_state=seed)

    train, selection, test = (data.table(rows) for rows in (data.train, data.selection, data.test))
    of_label = booster().fit(train, data.train.label)
    told = {"data": selection, "target": data.selection.label, "groups": data.selection.group}
    more = {"inferred_groups": booster().fit(train, data.train.group)} if inferred else {}
    fair = FairPredictor(of_label, told, **more)
    # The largest difference of any two groups, which is what is measured here; `demographic_parity` averages pairs.
    metric = gm.pos_pred_rate.max_diff if constraint == "parity" else gm.equalized_odds_max
    asked = {"data": test, "target": data.test.label, "groups": data.test.group}
    for i, tolerance in enumerate(tolerances):
        fair.fit(gm.accuracy, metric, tolerance, recompute=i == 0)
        yield tolerance, fair.predict(asked)
