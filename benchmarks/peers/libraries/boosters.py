"""LightGBM and XGBoost without constraints, stopped early on the selection rows, as their own pages show it."""
import lightgbm
import xgboost


def lightgbm_early_stopped(data, seed):
    learner = lightgbm.LGBMClassifier(n_estimators=2000, learning_rate=.05, n_jobs=1, random_state=seed, verbose=-1)
    return learner.fit(data.table(data.train), data.train.label, eval_set=[(data.table(data.selection), data.selection.label)],
                       callbacks=[lightgbm.early_stopping(50, verbose=False)])


def xgboost_early_stopped(data, seed):
    learner = xgboost.XGBClassifier(n_estimators=2000, learning_rate=.05, early_stopping_rounds=50, enable_categorical=True, n_jobs=1,
                                    random_state=seed)
    return learner.fit(data.table(data.train), data.train.label, eval_set=[(data.table(data.selection), data.selection.label)], verbose=False)


def run(data, constraint, tolerances, seed, learner):
    learnt = {"lightgbm": lightgbm_early_stopped, "xgboost": xgboost_early_stopped}[learner](data, seed)
    for tolerance in tolerances:
        yield tolerance, learnt.predict(data.table(data.test))
