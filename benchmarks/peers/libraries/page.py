"""docs/benchmarks.md and its pictures, from finished jobs alone."""
import collections
import statistics

from . import comparison, pictures, published, tasks
from .methods import METHODS
from .wording import wrapped

TITLES = {"parity": "demographic parity", "odds": "equalized odds"}
INTRODUCTION = """# Beside other libraries

Equipoise beside Fairlearn, Cooper, humancompatible-train, fairret, FairGBM, OxonFair, and LightGBM and XGBoost without constraints: five tasks,
parity and odds, tolerances .01, .02, .05 and .10, the same rows and splits for all. Each library is used as its documentation says; what that
came to is in [the table of settings](#settings). This page is written by `benchmarks/peers/compare_libraries.py report` from
`benchmarks/results/libraries_*.jsonl` and holds nothing else; `python3 benchmarks/peers/compare_libraries.py` goes on with what is not in yet.

* *Test gap*: the largest difference of two groups' selection rates (parity), or of their true or false positive rates (odds, the larger of
  both), on a test fifth that no method saw. *Noise floor*: the average gap that exactly equal rates would show on such a split, by simulation.
* *Selected*: the share of all people who are decided positive; 0 is a model that selects nobody, which has no gap.
* *Inside*: seeds whose test gap is inside the tolerance; in brackets inside the tolerance plus the noise floor. Unconstrained: inside .05.
* After ± half the 95 % interval over seeds (Student's t), on which splits and starts hang; nothing from one seed.
* *Seconds*: of the processor, one thread, for all four tolerances of a seed; in brackets by the clock, which other work
  on the machine lengthens. Equipoise's count from reading the CSV to the report of its bank and the scoring of all rows, the
  others' from encoded rows to decisions.
* † needs the group of a person to decide about them. The rest do not see it, and only they are compared with Equipoise below.
* Results are of the programs as they were when each was made. Since Equipoise's networks were trained (until 29 November 2026) the folds
  of its cross-fitted models no longer hang on what groups are called: networks of today differ from these as another seed's do. Frontiers of
  models of all rows (race, ACS) are of trees of the settings before 30 November 2026 (24 leaves, seven of ten columns, `min_child_weight` 5, sets
  of levels).
"""


def shown(figure, digits=4):
    mean, half = figure
    return f"{mean:.{digits}f}" + (f" ± {half:.{digits}f}" if half is not None else "")


def title(name):
    return METHODS[name].title + ("" if METHODS[name].blind else " †")


def method_rows(name, entry):
    taken = "" if entry.processor_seconds is None else f"{entry.processor_seconds:.1f} ({entry.seconds:.0f})"
    for i, one in enumerate(entry.points):
        inside, inside_noise, count = comparison.inside(one)
        yield (f"| {title(name) if i == 0 else ''} | {'none' if one.tolerance is None else one.tolerance} | {shown(one.accuracy)} | "
               f"{shown(one.gap)} | {one.selected:.3f} | "
               f"{inside} ({inside_noise}) of {count} | {taken if i == 0 else ''} |")
    for message, times in entry.failed.items():
        safe = message.replace("|", "/")
        yield f"| {title(name) if not entry.points else ''} | | failed, {times} of its jobs: {safe} | | | | |"


def result_table(found):
    floor = comparison.floor_of(found)
    return [f"Noise floor {floor:.4f}." if floor is not None else "", "",
            "| method | tolerance | test accuracy | test gap | selected | inside | seconds |", "|---|---|---|---|---|---|---|",
            *(row for name, entry in found.items() for row in method_rows(name, entry)), ""]


def peers_missing(found, constraint, peers):
    """Peers that have not been run here, so that being ahead is no news yet."""
    return [name for name in peers if (METHODS[name].free or constraint in METHODS[name].constraints) and name not in found]


def comparison_row(place, ours, one):
    start = f"| {place} | {METHODS[ours].title} | {one.tolerance} | {len(one.seeds)} | {one.gap:.4f} | {one.accuracy:.4f} |"
    if one.peer is None:
        return f"{start} none is as fair | | ahead |"
    error = f" ({one.error:.4f})" if one.error is not None else ""
    verdict = "ahead" if one.difference > 0 else "level" if one.difference == 0 else "**behind**"
    return f"{start} {title(one.peer)} | {one.difference:+.4f}{error} | {verdict} |"


EQUAL_GAP = {
    False: ("## At equal gap", "blind peer",
            "At the mean test gap of each of Equipoise's points, its mean test accuracy and that of the most accurate blind peer, both read off their "
            "frontiers (linear between points; what is beaten by another point of the same method is left out). Seeds are those that all of them "
            "have. In brackets the standard error of the difference, by leaving out one seed at a time: the choice of the best of several peers is "
            "part of it."),
    True: ("## Networks among networks", "other network",
           "The same for Equipoise's networks beside those of others alone, all of the same size but for its small ones: what the training under constraints "
           "does, whatever the model."),
}
BEST = ("The most accurate of Equipoise's methods beside the most accurate blind peer, at the mean test gap of tolerance plus noise floor, read off their "
        "frontiers: what is there for somebody who tries all of them. Both sides are chosen on these test rows, Equipoise's from {ours} methods and the "
        "peers from {peers}. Seeds are those that all of them have; in brackets the standard error of the difference, the choices being part of it.")
POOLED = ("A split's gap is what a model does plus what chance adds, and a mean over seeds keeps both. What chance adds is most of it where groups are small, "
          "and less where a model selects fewer people. Here the counts of all seeds are added up before rates and their gap are taken, so that chance has "
          "mostly evened out; all else is as above.")


def by_method_table(compared, peer):
    """`compared`: {method: Comparisons on all tasks}."""
    lines = [f"| method | points | at or above the best {peer} | below it by no more than a standard error | mean difference |", "|---|---|---|---|---|"]
    for name, points in sorted(compared.items(), key=lambda item: list(METHODS).index(item[0])):
        below = sum(one.difference is not None and one.difference < 0 for one in points)
        known = [one.difference for one in points if one.difference is not None]
        close = sum(map(comparison.is_close, points))
        lines.append(f"| {METHODS[name].title} | {len(points)} | {len(points) - below} | {close} | "
                     f"{f'{statistics.mean(known):+.4f}' if known else ''} |")
    return lines


def compared_with(all_found, networks_alone, gap_of):
    """[(place, method, Comparison)] of all of ours whose peers are all in, and sentences about the places that wait for some."""
    rows, waiting, peers = [], [], comparison.blind_peers(networks_alone)
    for (task, constraint), found in all_found.items():
        place = f"{name_of(task)}, {TITLES[constraint]}"
        mine = [name for name in found if METHODS[name].ours and (METHODS[name].network or not networks_alone)]
        missing = peers_missing(found, constraint, peers)
        if missing:
            waiting.append(f"{place} ({'Equipoise and ' if not mine else ''}{len(missing)} of the {EQUAL_GAP[networks_alone][1]}s not run)")
            continue
        rows += [(place, ours, one) for ours in mine for one in comparison.at_equal_gap(found, ours, peers, gap_of)]
    return rows, waiting


def summary_of(rows, peer):
    """How many points are at or above the best peer, of all and by method."""
    losses = sum(one.difference is not None and one.difference < 0 for _, _, one in rows)
    by_method = collections.defaultdict(list)
    for _, ours, one in rows:
        by_method[ours].append(one)
    return [f"At or above the best {peer} in {len(rows) - losses} of {len(rows)} points, below it in {losses}.", "",
            *((*by_method_table(by_method, peer), "") if rows else ())]


def losses_of(rows):
    behind = collections.defaultdict(list)
    for place, ours, one in rows:
        if one.difference is not None and one.difference < 0:
            behind[f"{METHODS[ours].title}, {place}"].append(f"{one.tolerance} ({one.difference:+.4f})")
    return ["Where Equipoise loses, by tolerance:", "", *(f"* {where}: {', '.join(lost)}" for where, lost in behind.items()), ""] if behind else []


def equal_gap_section(all_found, networks_alone):
    heading, peer, words = EQUAL_GAP[networks_alone]
    rows, waiting = compared_with(all_found, networks_alone, comparison.mean_gap)
    waits = ["", wrapped(f"Left out until every {peer} has been run: " + "; ".join(waiting) + ".")] if waiting else []
    return [heading, "", wrapped(words), *waits, "", *summary_of(rows, peer), *losses_of(rows), "Every point:", "",
            f"| task, constraint | method | tolerance | seeds | gap | accuracy | best {peer} | difference | it is |",
            "|---|---|---|---|---|---|---|---|---|", *(comparison_row(*row) for row in rows), ""]


def best_row(place, one):
    def side(best):
        return "none is as fair | " if best is None else f"{title(best[1])} | {best[0]:.4f}"
    error = f" ({one.error:.4f})" if one.error is not None else ""
    difference = "" if one.difference is None else f"{one.difference:+.4f}{error}"
    leads = one.peer is None if one.difference is None else one.difference >= 0
    is_level = one.difference == 0 or (one.ours is None and one.peer is None)
    verdict = "level" if is_level else "ahead" if leads else "**behind**"
    return f"| {place} | {one.tolerance} | {one.gap:.4f} | {side(one.ours)} | {side(one.peer)} | {difference} | {verdict} |", leads


def best_section(all_found):
    """Empty until all peers have been run somewhere."""
    peers, rows, close = comparison.blind_peers(), [], 0
    mine = [name for name, method in METHODS.items() if method.ours]
    for (task, constraint), found in all_found.items():
        if peers_missing(found, constraint, peers):
            continue
        for one in comparison.best_of_each(found, mine, peers):
            rows.append(best_row(f"{name_of(task)}, {TITLES[constraint]}", one))
            close += comparison.is_close(one)
    if not rows:
        return []
    ahead = sum(leads for _, leads in rows)
    return ["## The best of each side", "", wrapped(BEST.format(ours=len(mine), peers=len(peers))), "",
            wrapped(f"At or above the best blind peer in {ahead} of {len(rows)} points, below it by no more than a standard error in {close}, by more in "
                    f"{len(rows) - ahead - close}."), "",
            "| task, constraint | tolerance | gap | best of Equipoise | accuracy | best blind peer | accuracy | difference | it is |",
            "|---|---|---|---|---|---|---|---|---|", *(row for row, _ in rows), ""]


def pooled_section(all_found):
    lines = ["## At equal pooled gap", "", wrapped(POOLED), ""]
    for networks_alone in EQUAL_GAP:
        rows, _ = compared_with(all_found, networks_alone, comparison.pooled_gap)
        lines += [*summary_of(rows, EQUAL_GAP[networks_alone][1]), *losses_of(rows)]
    return lines


INSIDE = ("How many of its models each method that decides without the group kept inside the tolerance that it was told, in brackets inside it plus "
          "the noise floor: all tasks and tolerances, seeds that all blind peers have. *Gain* is what these models are worth: their mean accuracy above that "
          "of one answer for everybody, the test rows' more frequent label. That one answer is inside every tolerance, and has no gain. *Kept gain* is the mean "
          "gain where each model outside is replaced by that one answer, in brackets where only those outside tolerance plus noise floor are: both columns in "
          "one figure. Small networks were not run on all tasks, so that theirs stand beside no other's.")


def inside_cells(of_constraint):
    """`of_constraint`: (inside, inside plus noise, gain) of each model; empty where the method knows no such constraint."""
    if not of_constraint:
        return " |  | "
    inside, inside_noise, gains = zip(*of_constraint)
    kept, kept_noise = (statistics.mean(is_in * gain for is_in, gain in zip(each, gains)) for each in (inside, inside_noise))
    return f"{sum(inside)} ({sum(inside_noise)}) of {len(gains)} | {statistics.mean(gains):+.4f} | {kept:+.4f} ({kept_noise:+.4f})"


def inside_section(all_found):
    """How often each method that decides without the group kept its tolerance, and what its models are worth, on the seeds that all blind peers have."""
    peers = [name for name in comparison.blind_peers() if not METHODS[name].free]
    models = collections.defaultdict(lambda: collections.defaultdict(list))
    for (task, constraint), found in all_found.items():
        if peers_missing(found, constraint, peers):
            continue
        seeds = comparison.seeds_of_all(found, peers)
        for name, entry in found.items():
            for one in entry.points if METHODS[name].blind and not METHODS[name].free else ():
                models[name][constraint] += [(*comparison.kept(one, each), each.gain) for each in comparison.figures(one, seeds)]
    if not models:
        return []
    return ["## Inside the tolerance", "", wrapped(INSIDE), "", f"| method | {' | '.join(f'{TITLES[c]} | gain | kept gain' for c in tasks.CONSTRAINTS)} |",
            "|---|---|---|---|---|---|---|",
            *(f"| {METHODS[name].title} | {' | '.join(inside_cells(models[name][c]) for c in tasks.CONSTRAINTS)} |" for name in METHODS if name in models), ""]


def name_of(task):
    return f"{tasks.TASKS[task].title} by {tasks.TASKS[task].group_title}"


def seeds_of(jobs):
    seeds = collections.defaultdict(set)
    for job in jobs:
        seeds[job["task"]].add(job["seed"])
    done = "; ".join(f"{name_of(task)}: {', '.join(map(str, sorted(seeds[task])))}" for task in tasks.TASKS if task in seeds)
    missing = ", ".join(name_of(task) for task in tasks.TASKS if task not in seeds)
    machines = sorted({job["machine"] for job in jobs})
    shared = " Seconds are means over jobs, of which some ran on one and some on the other: their ratios say little." if len(machines) > 1 else ""
    return [wrapped(f"Seeds with results so far, of 0 to 4: {done}." + (f" None yet: {missing}." if missing else "")), "",
            wrapped(f"Machine: {'; '.join(machines)}; one thread.{shared}"), ""]


def settings_section():
    links = {name: f"<{method.link}>" if method.link.startswith("http") else f"[{method.link}]({method.link.removeprefix('docs/')})"
             for name, method in METHODS.items()}
    return ["## Settings", "", wrapped(
        "Versions are those of `benchmarks/peers/requirements.txt` (FairGBM: `requirements_fairgbm.txt`, with an older scikit-learn, since with "
        "1.9 its `fit` ends in a TypeError). Splits: training .6, selection .2 and test .2 of every group with every label, drawn by the seed "
        "(`libraries/tasks.py`). Boosters see categories as such, networks and logistic regression standardised numbers and categories as 0 or "
        "1; nobody sees the group's column, but the age of Bank is an input as in `configs/bank_equal_opportunity.yaml`, and groups are its "
        "three bins."), "",
            "| method | settings | documentation |", "|---|---|---|",
            *(f"| {title(name)} | {method.settings} | {links[name]} |" for name, method in METHODS.items()), ""]


def write(jobs, docs):
    jobs = list(jobs.values())
    places = [(task, constraint) for task in tasks.TASKS for constraint in tasks.CONSTRAINTS]
    all_found = {place: comparison.entries(jobs, *place) for place in places}
    all_found = {place: found for place, found in all_found.items() if any(entry.points for entry in found.values())}
    lines = [INTRODUCTION, *seeds_of(jobs), *best_section(all_found), *equal_gap_section(all_found, False), *equal_gap_section(all_found, True),
             *pooled_section(all_found), *inside_section(all_found)]
    (docs / "images").mkdir(parents=True, exist_ok=True)
    for task in tasks.TASKS:
        of_task = {constraint: all_found[task, constraint] for constraint in tasks.CONSTRAINTS if (task, constraint) in all_found}
        if not of_task:
            continue
        (docs / "images" / f"benchmark_{task}.svg").write_text(pictures.picture(task, of_task))
        lines += [f"## {name_of(task)}", "", f"![Accuracy against test gap, {name_of(task)}](images/benchmark_{task}.svg)", ""]
        for constraint, found in of_task.items():
            lines += [f"### {name_of(task)}: {TITLES[constraint]}", "", *result_table(found)]
    lines += [*published.section(jobs), *settings_section()]
    (docs / "benchmarks.md").write_text("\n".join(lines).rstrip() + "\n")
    print(f"{docs / 'benchmarks.md'}: {len(jobs)} jobs, {sum('failed' in job for job in jobs)} of them failed")
