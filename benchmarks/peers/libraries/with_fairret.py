"""fairret: its norm loss added to cross-entropy, as in its pipeline notebook.

It has strengths and no tolerances. Six strengths are trained on the training rows; each tolerance gets the most accurate whose gap on the
selection rows is inside it, or the smallest gap.
"""
import torch
from fairret.loss import NormLoss
from fairret.statistic import FalsePositiveRate, PositiveRate, StackedLinearFractionalStatistic, TruePositiveRate

from . import measures, networks

STRENGTHS = (.01, .03, .1, .3, 1, 3)


def run(data, constraint, tolerances, seed):
    x, y, groups = networks.tensors(data.train, len(data.group_names))
    trained = []
    for strength in STRENGTHS:
        model = networks.network(data, seed)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        penalty = NormLoss(PositiveRate() if constraint == "parity" else StackedLinearFractionalStatistic(TruePositiveRate(), FalsePositiveRate()))
        for _ in range(data.task.network[2]):
            for batch_x, batch_y, batch_groups in networks.loader(x, y, groups, 1024):
                optimizer.zero_grad()
                logit = model(batch_x)
                loss = torch.nn.functional.binary_cross_entropy_with_logits(logit, batch_y)
                told = () if constraint == "parity" else (batch_y,)
                (loss + strength * penalty(logit, batch_groups, *told)).backward()
                optimizer.step()
        cells = measures.cells_of(networks.decide(model, data.selection), data.selection.label, data.selection.group, data.group_names)
        trained.append((measures.gap(cells, constraint), measures.accuracy(cells), networks.decide(model, data.test)))
    for tolerance in tolerances:
        inside = [one for one in trained if one[0] <= tolerance]
        chosen = max(inside, key=lambda one: one[1]) if inside else min(trained, key=lambda one: one[0])
        yield tolerance, chosen[2]
