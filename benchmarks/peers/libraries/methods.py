"""The table of methods. A new one is a row here and, if no module does it yet, a module with a generator `run`.

Another way of Equipoise to train (a model.kind, a setting of multipliers) is a row with `with_equipoise:run`, `ours` and
options {"overrides": ["model.kind=..."]}, which go to the bank's command line; another of its commands is one more generator in that module.

A module's function gets the task's rows (of Equipoise: the task's name), the constraint, the tolerances and the seed, and yields
(tolerance, decisions on the test rows). What takes one yield to the next is timed, from encoded rows on (of Equipoise: from the CSV file on).
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Method:
    """One row. `blind`: decides without the group. `shared`: tolerances share work, and are run together. `free`: knows no constraint.
    `network`: trained by gradient descent; these are also compared among themselves. `environment`: which list of pinned libraries it runs with,
    requirements{environment}.txt."""
    title: str
    call: str
    settings: str
    link: str
    options: dict = dataclasses.field(default_factory=dict)
    constraints: tuple = ("parity", "odds")
    blind: bool = True
    shared: bool = False
    free: bool = False
    ours: bool = False
    network: bool = False
    environment: str = ""


NETWORK = "the network of the task's config (Adult, ACS: 256-256, dropout .3, 20 epochs; Bank, Credit: 64, dropout .2, 10 and 30 epochs)"
LEARNING = "learns from the training and selection rows together"
METHODS = {
    "equipoise": Method(
        "Equipoise, networks", "with_equipoise:run",
        f"{NETWORK}; one bank of the four tolerances; piecewise-linear numbers, exact rates cross-fitted (`multipliers.measure_on: auto`), margin, "
        "multipliers and all else by default; training rows learn, selection rows give the margin", "docs/guides/bank.md",
        shared=True, ours=True, network=True),
    "equipoise_all": Method(
        "Equipoise, networks, all rows", "with_equipoise:run",
        f"as above, but {LEARNING}, as other networks do: exact rates of rows that no member learnt from need no others. The margin is that on as many "
        "rows as are tested, and the last iterate is taken (`training.keep: final`)", "docs/guides/bank.md",
        {"overrides": ["training.keep=final"], "learn_from_selection": True}, shared=True, ours=True, network=True),
    "equipoise_small": Method(
        "Equipoise, small networks", "with_equipoise:run",
        "networks of 128-128 whatever the task, one for each tolerance (`multipliers.measure_on: train`), exact rates four times an epoch; else as the first: "
        "what four tolerances cost where seconds count", "docs/guides/bank.md",
        {"overrides": ["model.hidden=[128, 128]", "multipliers.measure_on=train", "multipliers.measures_per_epoch=4"]}, shared=True, ours=True, network=True),
    "equipoise_trees": Method(
        "Equipoise, boosted trees", "with_equipoise:run",
        "`model.kind: boosted_trees` with its defaults (200 rounds of 20 leaves from half of the columns, rate .08); one bank of the four tolerances, "
        "exact rates cross-fitted; else as the networks", "docs/guides/boosted_trees.md", {"overrides": ["~training", "model={kind: boosted_trees}"]}, shared=True, ours=True),
    "equipoise_trees_all": Method(
        "Equipoise, boosted trees, all rows", "with_equipoise:run",
        f"as above, but {LEARNING}; margin as of such networks, and of the rounds of the second half that which rows out of fold say is best "
        "(`training.candidates_from: 0.5`)", "docs/guides/boosted_trees.md",
        {"overrides": ["~training", "model={kind: boosted_trees}", "training.candidates_from=0.5"], "learn_from_selection": True}, shared=True, ours=True),
    "equipoise_frontier": Method(
        "Equipoise, frontier of trees", "with_equipoise:frontier",
        "`equipoise frontier` with `model.kind: boosted_trees` and its defaults: one posterior of group and label, a rule for each tolerance (`retune`), margin by "
        "default; training rows learn, selection rows give the rules", "docs/guides/frontier.md",
        {"overrides": ["~training", "model={kind: boosted_trees}"]}, shared=True, ours=True),
    "equipoise_frontier_all": Method(
        "Equipoise, frontier of trees, all rows", "with_equipoise:frontier",
        f"as above, but {LEARNING}: there is no selection split, so that the posterior has five members, and rules are solved on all these rows, each scored "
        "by the member that did not learn from it", "docs/guides/frontier.md",
        {"overrides": ["~training", "model={kind: boosted_trees}"], "learn_from_selection": True}, shared=True, ours=True),
    "equipoise_frontier_sure": Method(
        "Equipoise, frontier of trees, sure", "with_equipoise:frontier",
        "as \"frontier of trees\", with `decision.confidence: 0.95`: each rule is to be inside its tolerance with that probability on as many new people as "
        "are tested", "docs/guides/frontier.md",
        {"overrides": ["~training", "model={kind: boosted_trees}", "decision.confidence=0.95"]}, shared=True, ours=True),
    "lightgbm": Method(
        "LightGBM, unconstrained", "boosters:run", "native categories, rate .05, stopped early after 50 rounds without gain on the selection rows",
        "https://lightgbm.readthedocs.io/en/stable/Python-Intro.html", {"learner": "lightgbm"}, free=True),
    "xgboost": Method(
        "XGBoost, unconstrained", "boosters:run", "native categories (`enable_categorical`), rate .05, `early_stopping_rounds=50` on the selection rows",
        "https://xgboost.readthedocs.io/en/stable/python/sklearn_estimator.html", {"learner": "xgboost"}, free=True),
    "network": Method(
        "PyTorch network, unconstrained", "networks:run", f"{NETWORK}; Adam at 1e-3, batches of 512, last iterate; {LEARNING}",
        "https://docs.pytorch.org/docs/stable/nn.html", free=True, network=True),
    "reduction_lightgbm": Method(
        "Fairlearn, reduction, LightGBM", "with_fairlearn:reduction",
        f"`ExponentiatedGradient` with `LGBMClassifier()` as it comes, native categories; `difference_bound` half the tolerance, since it holds "
        f"groups against everybody; `max_iter`, `eps` and all else by default; drawn decisions (`predict`); {LEARNING}",
        "https://fairlearn.org/main/user_guide/mitigation/reductions.html", {"estimator": "lightgbm"}),
    "reduction_logistic": Method(
        "Fairlearn, reduction, logistic", "with_fairlearn:reduction",
        "`ExponentiatedGradient` with `LogisticRegression(max_iter=1000)` on standardised numbers and categories as 0 or 1; else as above",
        "https://fairlearn.org/main/user_guide/mitigation/reductions.html", {"estimator": "logistic"}),
    "thresholds": Method(
        "Fairlearn, threshold optimizer", "with_fairlearn:thresholds",
        "LightGBM as unconstrained, `prefit`, fitted to the selection rows; parity with `tol` as the tolerance, odds exactly (it takes none)",
        "https://fairlearn.org/main/user_guide/mitigation/postprocessing.html", blind=False),
    "cooper": Method(
        "Cooper", "with_cooper:run",
        f"{NETWORK}; batches of 512; `SimultaneousOptimizer`, Adam at 1e-3, dual SGD at 1e-2 (the quick start's); each group against everybody within "
        f"half the tolerance, soft rates of the batch for the network, exact ones (`strict_violation`) for the multipliers; last iterate; {LEARNING}",
        "https://cooper.readthedocs.io/en/latest/", network=True),
    "humancompatible": Method(
        "humancompatible-train, ALM", "with_humancompatible:run",
        f"the same network and epochs; `ALM(lr=0.01, is_ineq=True)` and AdamW as in the tutorial, batches of 512; "
        f"absolute differences of soft rates of every pair of groups; {LEARNING}",
        "https://humancompatible-train.readthedocs.io/en/latest/", network=True),
    "fairret": Method(
        "fairret, norm loss", "with_fairret:run",
        "the same network and epochs; `NormLoss`, Adam at 1e-3, batches of 1024 (the notebook's); strengths .01 to 3 on the training rows; each tolerance "
        "gets the most accurate strength inside it on the selection rows", "https://fairret.readthedocs.io/en/latest/", shared=True, network=True),
    "fairgbm": Method(
        "FairGBM", "with_fairgbm:run",
        "`FairGBMClassifier(constraint_type=\"FPR,FNR\")`, 200 trees (the README's), both tolerances as asked, scores cut at .5; categories as codes; "
        f"{LEARNING}; no parity", "https://github.com/feedzai/fairgbm", constraints=("odds",), environment="_fairgbm"),
    "oxonfair_inferred": Method(
        "OxonFair, groups inferred", "with_oxonfair:run",
        "`XGBClassifier` as it comes on the training rows, a second one for the group; `FairPredictor` with `inferred_groups` on the selection rows; "
        "accuracy under the largest difference of two groups; where that fails since no group is ever unsure, `threshold=0`; groups that are nobody's "
        "likeliest are left out, since with them it fails too",
        "https://github.com/oxfordinternetinstitute/oxonfair", {"inferred": True}, shared=True),
    "oxonfair_told": Method(
        "OxonFair, groups told", "with_oxonfair:run", "as above with the groups themselves, which it then needs to decide",
        "https://github.com/oxfordinternetinstitute/oxonfair", {"inferred": False}, blind=False, shared=True),
}
