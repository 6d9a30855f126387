"""Small inputs of every op, made from a seed, and the ops themselves."""
import itertools
import os

import torch

torch.ops.load_library(os.environ["EQUIPOISE_KERNELS"])
ops = torch.ops.equipoise

LABELS = torch.tensor([0, 1, 0, 1], dtype=torch.uint8)


def rows(members=2, count=50, seed=1, dtype=torch.float32):
    """Arguments of push and lagrangian but the threshold and the temperature: two groups, cells 2 * group + label."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(members, count, generator=generator).to(dtype)
    cells = torch.randint(4, (count,), generator=generator).to(torch.uint8)
    loss_price = torch.rand(members, 4, generator=generator)
    soft_price = torch.randn(members, 4, generator=generator)
    return [logits, cells, LABELS, loss_price, soft_price, torch.rand(count, generator=generator)]


RULES = {"softmax": [3.0], "squared": [3.5, 1.7, 0.4], "huber": [3.5, 1.7, 0.8, 0.4, 2.1],
         "quantile": [3.5, 1.7, 0.9, 0.4, 2.1, 4.0], "calibration": [5.0, 0.1, 0.7]}


def outcome_rows(kind="softmax", members=2, count=50, seed=1):
    """Arguments of outcome_push and outcome_lagrangian: four cells."""
    generator = torch.Generator().manual_seed(seed)
    outputs, outcomes = {"softmax": (3, 3), "calibration": (1, 11)}.get(kind, (1, len(RULES[kind]) - (kind != "squared")))
    scores = torch.randn(members, count, outputs, generator=generator)
    targets = torch.randint({"softmax": 3, "calibration": 2}.get(kind, 8), (count,), generator=generator).float()
    cells = torch.randint(4, (count,), generator=generator).to(torch.uint8)
    loss_price = torch.rand(members, 4 * outcomes, generator=generator)
    soft_price = torch.randn(members, 4 * outcomes, generator=generator)
    return [scores, targets, cells, loss_price, soft_price, kind, RULES[kind], torch.rand(count, generator=generator)]


def packed(forms):
    entries = [entry for form in forms for entry in form.items()]
    return (torch.tensor([0, *itertools.accumulate(map(len, forms))], dtype=torch.int32),
            torch.tensor([index for index, _ in entries], dtype=torch.int32),
            torch.tensor([value for _, value in entries], dtype=torch.float64))


def table():
    """Both groups' selection rates, and their difference in both directions."""
    return (*packed([{2: 1.0, 5: 1.0}, {8: 1.0, 11: 1.0}]), *packed([{0: 1.0, 3: 1.0}, {6: 1.0, 9: 1.0}]),
            *packed([{0: 1.0, 1: -1.0}, {0: -1.0, 1: 1.0}]))


def price_arguments(members=2):
    """All of price's but the sums and the table: averages, step, multipliers."""
    multipliers = torch.tensor([[0.4, 0.0]], dtype=torch.float64).expand(members, 2)
    return torch.zeros(members, 4, 4, dtype=torch.float64), torch.zeros(1, dtype=torch.int64), multipliers


def judge_arguments(members=2):
    """All of judge's but the sums, the rate table and the rule: no band, then bounds, scale, moves and the state."""
    zeros = torch.zeros(members, 2, dtype=torch.float64)
    return (torch.zeros(1, dtype=torch.int32), torch.zeros(0, dtype=torch.int32),
            torch.full((2,), -1, dtype=torch.int32), torch.zeros(2, dtype=torch.float64), zeros + 0.02,
            torch.full((members,), 0.1, dtype=torch.float64), torch.ones(members, dtype=torch.uint8),
            zeros.clone(), zeros.clone(), zeros.to(torch.uint8))


def encoded(count=30, seed=1):
    """Codes, values and layout of a ramp of 3 bins (4 components with its missing flag) and a pick of 3: D = 7."""
    generator = torch.Generator().manual_seed(seed)
    codes = torch.stack([torch.randint(0, 4, (count,), generator=generator),
                         torch.randint(-1, 3, (count,), generator=generator)], 1).to(torch.int16)
    layout = torch.tensor([[0, 0, 4], [1, 4, 3]], dtype=torch.int32)
    return [codes, torch.rand(count, 2, generator=generator), layout]


def first_layer(members=2, batch=12, seed=2):
    """Arguments of encoded_linear."""
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randint(0, 30, (batch,), generator=generator)
    return [*encoded(), numbers, torch.randn(members, 7, 5, generator=generator),
            torch.randn(members, 5, generator=generator)]
