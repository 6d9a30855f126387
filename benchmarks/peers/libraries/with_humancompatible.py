"""humancompatible-train: the loop of its tutorials, ALM with inequality constraints on pairs of groups, in batches of 512.

The tutorial's batches of 128 leave so few positives of a group in a batch that equalized odds of Adult fails (a gap of .15 to .27).
"""
import itertools

import torch
from humancompatible.train.dual_optim import ALM

from . import networks


def differences(logit, y, groups, constraint, tolerance):
    """|rate of a group - another's| - tolerance for every pair and rate [J]; of a group that the batch lacks 0."""
    of_groups, _, present = networks.rates(logit.sigmoid(), y, groups, constraint)
    pairs = [(of_groups[:, a] - of_groups[:, b]).abs().sub(tolerance).where(present[:, a] & present[:, b], torch.zeros(()))
             for a, b in itertools.combinations(range(groups.shape[1]), 2)]
    return torch.cat(pairs)


def run(data, constraint, tolerances, seed):
    x, y, groups = networks.tensors(data.learning, len(data.group_names))
    count = groups.shape[1] * (groups.shape[1] - 1) // 2 * (1 if constraint == "parity" else 2)
    for tolerance in tolerances:
        model = networks.network(data, seed)
        optimizer = torch.optim.AdamW(model.parameters())
        duals = ALM(m=count, lr=0.01, is_ineq=True)
        for _ in range(data.task.network[2]):
            for batch_x, batch_y, batch_groups in networks.loader(x, y, groups, 512):
                optimizer.zero_grad()
                logit = model(batch_x)
                loss = torch.nn.functional.binary_cross_entropy_with_logits(logit, batch_y)
                duals.forward_update(loss, differences(logit, batch_y, batch_groups, constraint, tolerance)).backward()
                optimizer.step()
        yield tolerance, networks.decide(model, data.test)
