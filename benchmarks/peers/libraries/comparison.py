"""Finished jobs to figures: per method and tolerance means over seeds, and accuracies at equal gap."""
import collections
import dataclasses
import statistics
import typing

from . import measures, tasks
from .methods import METHODS


class Figures(typing.NamedTuple):
    """Of one job, on its test rows. `gain`: accuracy above that of one answer for everybody."""
    cells: dict
    gap: float
    accuracy: float
    floor: float
    gain: float


@dataclasses.dataclass
class Point:
    """A method at a tolerance (None: it knows none), over the seeds that are in."""
    constraint: str
    tolerance: float
    by_seed: dict           # seed: Figures
    gap: tuple              # mean, half its 95 % interval or None
    accuracy: tuple
    selected: float         # share of all rows that is decided 1, the mean over seeds: 0 of a model that selects nobody


@dataclasses.dataclass
class Entry:
    """A method on a task under a constraint."""
    points: list
    failed: dict            # message: how many jobs
    processor_seconds: float  # of all tolerances of a seed, the mean over seeds whose tolerances are all in; None if there are none
    seconds: float


def kept(one, figures_of_seed):
    """Whether one seed's Figures are inside the Point's tolerance (.05 where a method knows none), and inside it plus the noise floor."""
    limit = .05 if one.tolerance is None else one.tolerance
    return figures_of_seed.gap <= limit, figures_of_seed.gap <= limit + figures_of_seed.floor


def inside(one):
    """Of the Point's seeds: how many are inside the tolerance, how many inside it plus the noise floor, and how many there are."""
    exactly, with_noise = zip(*(kept(one, each) for each in figures(one)))
    return sum(exactly), sum(with_noise), len(exactly)


def figures(one, seeds=None):
    """The Point's Figures of all its seeds, or of those of them that are named."""
    return [one.by_seed[seed] for seed in (one.by_seed if seeds is None else seeds) if seed in one.by_seed]


def figures_of(cells, constraint):
    accuracy = measures.accuracy(cells)
    return Figures(cells, measures.gap(cells, constraint), accuracy, measures.noise_floor(cells, constraint), accuracy - measures.one_answer(cells))


def point(jobs, constraint, tolerance):
    by_seed = {job["seed"]: figures_of(job["cells"], constraint) for job in jobs}
    return Point(constraint, tolerance, by_seed, *(measures.mean_interval([getattr(each, name) for each in by_seed.values()]) for name in ("gap", "accuracy")),
                 selected=statistics.mean(measures.selected(job["cells"]) for job in jobs))


def seconds(jobs, count, name):
    per_seed = collections.defaultdict(list)
    for job in jobs:
        per_seed[job["seed"]].append(job[name])
    whole = [sum(each) for each in per_seed.values() if len(each) == count]
    return statistics.mean(whole) if whole else None


def entries(jobs, task, constraint):
    """Of the methods that have been run, in the order of the table: {method: Entry}."""
    found = {}
    for name, method in METHODS.items():
        of_method = [job for job in jobs if job["task"] == task and job["method"] == name and job["constraint"] in (None, constraint)]
        done, failed = [job for job in of_method if "cells" in job], [job for job in of_method if "failed" in job]
        if not of_method:
            continue
        by_tolerance = collections.defaultdict(list)
        for job in sorted(done, key=lambda job: (job["tolerance"] or 0, job["seed"])):
            by_tolerance[job["tolerance"]].append(job)
        count = 1 if method.free else len(tasks.TOLERANCES)
        found[name] = Entry([point(each, constraint, tolerance) for tolerance, each in by_tolerance.items()],
                            dict(collections.Counter(job["failed"] for job in failed)),
                            seconds(done, count, "processor_seconds"), seconds(done, count, "seconds"))
    return found


def floor_of(found):
    """The mean noise floor of all runs: it hangs on the split and hardly on the model."""
    floors = [each.floor for entry in found.values() for one in entry.points for each in figures(one)]
    return statistics.mean(floors) if floors else None


def blind_peers(networks_alone=False):
    """Whom ours are compared with: the methods of others that decide without the group."""
    return [name for name, method in METHODS.items() if method.blind and not method.ours and (method.network or not networks_alone)]


def seeds_of_all(found, methods):
    """Seeds that all points of every one of the methods have."""
    sets = [set(one.by_seed) for name in methods if name in found for one in found[name].points]
    return sorted(set.intersection(*sets)) if sets else []


def mean_gap(one, seeds):
    """The mean over seeds of the gap that each split's own counts show: what the models do, and what chance adds to each."""
    return statistics.mean(one.by_seed[seed].gap for seed in seeds)


def pooled_gap(one, seeds):
    """The gap of the counts of all seeds, added up: chance evens out between splits before the largest difference is taken."""
    return measures.gap(measures.pooled([one.by_seed[seed].cells for seed in seeds]), one.constraint)


def on_frontier(entry, seeds, gap_of):
    return [(gap_of(one, seeds), statistics.mean(one.by_seed[seed].accuracy for seed in seeds)) for one in entry.points]


def best_at(found, methods, seeds, limit, gap_of):
    """(accuracy, method) of the one that is most accurate at a gap of `limit`, or None."""
    reached = [(measures.accuracy_at(on_frontier(found[name], seeds, gap_of), limit), name) for name in methods if name in found and found[name].points]
    return max((one for one in reached if one[0] is not None), default=None)


@dataclasses.dataclass
class Comparison:
    """Ours at one of its tolerances beside the best peer at the same test gap."""
    tolerance: float
    gap: float
    accuracy: float
    peer: str               # None where no peer is as fair
    difference: float
    error: float            # standard error by leaving out seeds; None of one seed
    seeds: list


def at_equal_gap(found, ours, peers, gap_of):
    """Of each point of the method `ours` a Comparison; both sides are read off their frontiers at the gap (mean_gap or pooled_gap) of that point."""
    seeds = seeds_of_all(found, (ours, *peers))
    compared = []
    for one in found[ours].points if seeds else ():
        def difference(chosen, one=one):
            gap = gap_of(one, chosen)
            best = best_at(found, peers, chosen, gap, gap_of)
            return None if best is None else measures.accuracy_at(on_frontier(found[ours], chosen, gap_of), gap) - best[0]
        gap = gap_of(one, seeds)
        best = best_at(found, peers, seeds, gap, gap_of)
        value, error = measures.jackknife(difference, seeds)
        compared.append(Comparison(one.tolerance, gap, measures.accuracy_at(on_frontier(found[ours], seeds, gap_of), gap),
                                   best and best[1], value, error, seeds))
    return compared


def is_close(one):
    """Whether ours is below in a Comparison or BestOfEach, but by no more than a standard error."""
    return one.difference is not None and one.difference < 0 and one.error is not None and -one.difference <= one.error


@dataclasses.dataclass
class BestOfEach:
    """The most accurate of ours and of the peers at one gap: (accuracy, method), or None where no method is as fair."""
    tolerance: float
    gap: float
    ours: tuple
    peer: tuple
    difference: float       # None where a side has none
    error: float            # of the difference, by leaving out seeds; None where one of them decides who is as fair at all


def best_of_each(found, ours, peers):
    """A BestOfEach for each tolerance, at the mean test gap of tolerance plus noise floor: about what equal people's chance adds to it."""
    seeds, floor = seeds_of_all(found, (*ours, *peers)), floor_of(found)
    compared = []
    for tolerance in tasks.TOLERANCES if seeds else ():
        def of_each(chosen, gap=tolerance + floor):
            return [best_at(found, methods, chosen, gap, mean_gap) for methods in (ours, peers)]

        def difference(chosen, of_each=of_each):
            mine, peer = of_each(chosen)
            return None if mine is None or peer is None else mine[0] - peer[0]
        compared.append(BestOfEach(tolerance, tolerance + floor, *of_each(seeds), *measures.jackknife(difference, seeds)))
    return compared
