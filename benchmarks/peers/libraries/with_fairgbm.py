"""FairGBM: the classifier of its README, tolerances as those of false positive and false negative rates. It has no parity."""
from fairgbm import FairGBMClassifier


def run(data, constraint, tolerances, seed):
    assert constraint == "odds"
    rows, first = data.learning, len(data.task.numbers)
    for tolerance in tolerances:
        learnt = FairGBMClassifier(constraint_type="FPR,FNR", constraint_fpr_tolerance=tolerance, constraint_fnr_tolerance=tolerance,
                                   n_estimators=200, random_state=seed, n_jobs=1)
        learnt.fit(rows.codes, rows.label.astype(float), constraint_group=rows.group.astype(float),
                   categorical_feature=list(range(first, rows.codes.shape[1])))
        yield tolerance, (learnt.predict_proba(data.test.codes)[:, -1] > .5).astype(int)
