"""What the three libraries for PyTorch are given, none of which brings its own: the network of the task's config, batches, rates of a batch.

`run` is that network without constraints.
"""
import numpy as np
import torch


def network(data, seed):
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    hidden, dropout, _ = data.task.network
    layers, width = [], data.train.matrix.shape[1]
    for units in hidden:
        layers += [torch.nn.Linear(width, units), torch.nn.ReLU(), torch.nn.Dropout(dropout)]
        width = units
    return torch.nn.Sequential(*layers, torch.nn.Linear(width, 1))


def tensors(rows, groups):
    """Inputs [N, D], labels [N, 1], groups as 0 or 1 [N, G]."""
    onehot = np.eye(groups, dtype="float32")[rows.group]
    return torch.from_numpy(rows.matrix), torch.from_numpy(rows.label.astype("float32"))[:, None], torch.from_numpy(onehot)


def loader(x, y, groups, size, shuffle=True):
    dataset = torch.utils.data.TensorDataset(x, y, groups)
    sampler = torch.utils.data.RandomSampler(dataset) if shuffle else torch.utils.data.SequentialSampler(dataset)
    # Whole batches by one index: a loader that collates row by row would time Python's loops instead of the library.
    return torch.utils.data.DataLoader(dataset, sampler=torch.utils.data.BatchSampler(sampler, size, drop_last=True), batch_size=None)


def decide(model, rows):
    model.eval()
    with torch.no_grad():
        decided = (model(torch.from_numpy(rows.matrix)).squeeze(1) > 0).numpy().astype(int)
    model.train()
    return decided


def rates(probability, y, groups, constraint):
    """Rates [R, G] of a batch and those of everybody [R, 1], of `probability` [N, 1]; 0 with weight 0 where a group has no row that counts."""
    counted = [torch.ones_like(y)] if constraint == "parity" else [y, 1 - y]
    rows = torch.stack([(groups * rows).sum(0) for rows in counted])
    ones = torch.stack([(groups * rows * probability).sum(0) for rows in counted])
    return ones / rows.clamp(min=1), ones.sum(1, keepdim=True) / rows.sum(1, keepdim=True).clamp(min=1), rows > 0


def run(data, constraint, tolerances, seed):
    x, y, groups = tensors(data.learning, len(data.group_names))
    for tolerance in tolerances:
        model = network(data, seed)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        for _ in range(data.task.network[2]):
            for batch_x, batch_y, _ in loader(x, y, groups, 512):
                optimizer.zero_grad()
                torch.nn.functional.binary_cross_entropy_with_logits(model(batch_x), batch_y).backward()
                optimizer.step()
        yield tolerance, decide(model, data.test)
