"""Writes the modules of torchscript_test.cpp into the folder that is named: modules of 15 columns, and what is none that can be trained."""
import pathlib
import sys
from typing import List

import torch
from torch import nn

FOLDER = pathlib.Path(sys.argv[1])
COLUMNS = int(sys.argv[2]) if len(sys.argv) > 2 else 15


def save(name, module, dtype=torch.float32):
    torch.jit.script(module.to(dtype)).save(str(FOLDER / f"{name}.pt"))


class Flat(nn.Module):
    """Logits [B] of a network whose second and third layers are one."""

    def __init__(self):
        super().__init__()
        self.first, self.tied = nn.Linear(COLUMNS, 6), nn.Linear(6, 6)
        self.again, self.last = self.tied, nn.Linear(6, 1)

    def forward(self, x):
        x = torch.relu(self.first(x))
        return self.last(torch.tanh(self.again(torch.tanh(self.tied(x))))).squeeze(1)


class Columns(nn.Module):
    def __init__(self, outputs: int, rate: float = 0.0):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(COLUMNS, 8), nn.ReLU(), nn.Dropout(rate), nn.Linear(8, outputs))

    def forward(self, x):
        return self.net(x)


class Normed(nn.Module):
    """A batch norm, and a layer that is not trained."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(COLUMNS, 5), nn.BatchNorm1d(5), nn.Linear(5, 1)
        self.last.weight.requires_grad_(False)

    def forward(self, x):
        return self.last(torch.relu(self.norm(self.first(x))))


class Pictures(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.last = nn.Conv2d(2, 3, 3, padding=1), nn.Linear(3, 1)

    def forward(self, x):
        return self.last(torch.relu(self.conv(x)).mean(dim=[2, 3]))


class NoParameters(nn.Module):
    def forward(self, x):
        return x.sum(1)


class Throws(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(COLUMNS, 1)

    def forward(self, x):
        if x.size(0) > 0:
            raise ValueError("only even rows\nand a second line")
        return self.last(x)


class TwoResults(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(COLUMNS, 1)

    def forward(self, x):
        return self.last(x), x


class WholeNumbers(TwoResults):
    def forward(self, x):
        return self.last(x).long()


class OnGpu(TwoResults):
    def forward(self, x):
        return self.last(x) + torch.zeros([1], device="cuda")


class Noise(TwoResults):
    def forward(self, x):
        return self.last(x + torch.randn_like(x))


class Attention(nn.Module):
    """Draws inside an operation that need not."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(COLUMNS, 1)

    def forward(self, x):
        y = x.unsqueeze(0).unsqueeze(0)
        return self.last(nn.functional.scaled_dot_product_attention(y, y, y, dropout_p=0.5)[0, 0])


class NotANumber(TwoResults):
    def forward(self, x):
        return torch.log(-1 - self.last(x).abs())


class Detached(TwoResults):
    def forward(self, x):
        return self.last(x).detach()


class WithoutGradient(TwoResults):
    def forward(self, x):
        with torch.no_grad():
            y = self.last(x)
        return y


class Sparse(TwoResults):
    def forward(self, x):
        return self.last(x).to_sparse()


class WritesWhatItNeeds(TwoResults):
    """Writes over what the gradient of its own exponential is made of."""

    def forward(self, x):
        y = torch.exp(self.last(x))
        return y.mul_(2)


class DividesByRows(TwoResults):
    """NaN where all rows are zeros, as no batch is."""

    def forward(self, x):
        return self.last(x / x.abs().max())


class Prints(TwoResults):
    def forward(self, x):
        print("rows:", x.size(0))
        return self.last(x)


class Convolved(nn.Module):
    """Columns as a signal."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(1, 8, 3)
        self.last = nn.Linear(8, 1)

    def forward(self, x):
        return self.last(torch.relu(self.first(x.unsqueeze(1))).mean(2))


class Sequence(nn.Module):
    def __init__(self, dropout: float = 0.0):
        super().__init__()
        self.along = nn.LSTM(1, 4, 2, batch_first=True, dropout=dropout)
        self.last = nn.Linear(4, 1)

    def forward(self, x):
        return self.last(self.along(x.unsqueeze(2))[0][:, -1])


class Counts(TwoResults):
    n: int

    def __init__(self):
        super().__init__()
        self.n = 0

    def forward(self, x):
        self.n += 1
        return self.last(x) * (1.0 if self.n < 30 else 0.5)


class KeepsATensor(TwoResults):
    mean: torch.Tensor

    def __init__(self):
        super().__init__()
        self.mean = torch.zeros(COLUMNS)

    def forward(self, x):
        self.mean = 0.9 * self.mean + 0.1 * x.mean(0).detach()
        return self.last(x - self.mean)


class WritesATensor(KeepsATensor):
    def forward(self, x):
        self.mean.add_(x.mean(0).detach())
        return self.last(x - self.mean)


class KeepsAList(TwoResults):
    factors: List[float]

    def __init__(self):
        super().__init__()
        self.factors = [1.0]

    def forward(self, x):
        self.factors[0] = self.factors[0] * 0.9
        return self.last(x) * self.factors[0]


class SharesMemory(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Parameter(torch.ones(COLUMNS, 2))
        self.other = nn.Parameter(self.one.data.t())

    def forward(self, x):
        return (x @ self.one + x @ self.other.t()).sum(1)


class ColumnsOfOneMatrix(nn.Module):
    def __init__(self):
        super().__init__()
        one, other = torch.ones(COLUMNS, 4).chunk(2, dim=1)
        self.one, self.other = nn.Parameter(one), nn.Parameter(other)

    def forward(self, x):
        return (x @ self.one + x @ self.other).sum(1)


class Squeezes(TwoResults):
    def forward(self, x):
        return self.last(x).squeeze()


class LargeWholeNumbers(TwoResults):
    def __init__(self):
        super().__init__()
        self.register_buffer("factor", torch.tensor([2654435761]))

    def forward(self, x):
        return self.last(x) + ((x[:, :1] * 1000).long() * self.factor % 8).float()


class SparseGradient(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(8, 1, sparse=True)

    def forward(self, x):
        return self.table((x[:, 0].abs() * 3).long() % 8)


torch.manual_seed(1)
save("sequence_dropped", Sequence(0.5))
save("flat", Flat())
save("one", Columns(1))
save("three", Columns(3))
save("dropped", Columns(1, 0.5))
save("double", Columns(1), torch.float64)
save("normed", Normed())
save("pictures", Pictures())
save("no_parameters", NoParameters())
save("wide", nn.Linear(COLUMNS + 1, 1))
for kind in (Throws, TwoResults, WholeNumbers, OnGpu, Noise, Attention, NotANumber, Detached, WithoutGradient, Sparse,
             WritesWhatItNeeds, DividesByRows, Prints, Convolved, Sequence, Counts, LargeWholeNumbers, SparseGradient,
             KeepsATensor, WritesATensor, KeepsAList, SharesMemory, ColumnsOfOneMatrix, Squeezes):
    save(kind.__name__, kind())
torch.save({"weight": torch.ones(3)}, FOLDER / "state_dict.pt")
(FOLDER / "text.pt").write_text("no archive")
