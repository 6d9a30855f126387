"""Times one Lagrangian training step of an MLP in three ways: PyTorch, torch.compile of it, and Equipoise's ops.

    .deps/venv/bin/python benchmarks/peers/lagrangian_step.py build/release/lib/libequipoise_kernels.so [--device cuda]
        [--engine build/release/bin/step_benchmark]

The same network (256-256), batch, table (demographic parity of two groups) and multipliers for each; a step is forward, measure,
price by running averages, backward and AdamW. "ops" lets autograd through `lagrangian`; "ops, push" gives the module's backward
pass the gradient of `push`; "ops, compiled" is "ops" under torch.compile; "ops, graph" replays "ops, push" as a CUDA graph. Gradients
are compared with those of PyTorch first; each figure is the median of alternating runs. Cooper writes the same step where it is
installed. With --engine, the step of the program itself (which also draws and gathers its rows) is timed after them.
"""

import argparse
import copy
import importlib.util
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from measure_push import alternate  # noqa: E402

DECAY = 0.99


def packed(forms):
    entries = [entry for form in forms for entry in form.items()]
    return (torch.tensor([0, *itertools.accumulate(map(len, forms))], dtype=torch.int32),
            torch.tensor([index for index, _ in entries], dtype=torch.int32),
            torch.tensor([value for _, value in entries], dtype=torch.float64))


def parity_table():
    return (*packed([{2: 1.0, 5: 1.0}, {8: 1.0, 11: 1.0}]), *packed([{0: 1.0, 3: 1.0}, {6: 1.0, 9: 1.0}]),
            *packed([{0: 1.0, 1: -1.0}, {0: -1.0, 1: 1.0}]))


class Data:
    """One batch of two groups with two labels, and the multipliers of the gap between the groups, both ways."""

    def __init__(self, batch, width):
        self.x = torch.randn(batch, width)
        self.narrow = torch.randint(4, (batch,)).to(torch.uint8)
        self.cells = self.narrow.long()
        self.cell_labels = torch.tensor([0, 1, 0, 1], dtype=torch.uint8)
        self.labels = self.cell_labels[self.cells].float()
        self.groups = torch.tensor([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])  # cells of each group
        self.multipliers = torch.tensor([[0.7, 0.2]], dtype=torch.float64)


def adamw(module, data):
    return torch.optim.AdamW(module.parameters(), lr=0.0, fused=True, capturable=data.x.is_cuda)


class Peer:
    """Running averages of weight and soft positives per cell; the rates' value is the batch's own, their slope the averages'."""

    def __init__(self, module, data):
        self.module, self.data = module, data
        self.optimizer = adamw(module, data)
        self.weight, self.soft, self.count = torch.zeros(4), torch.zeros(4), torch.zeros(())
        self.signed = (data.multipliers[0, 0] - data.multipliers[0, 1]).float() * torch.tensor([1.0, -1.0])
        self.loss = self.plain_loss

    def plain_loss(self, x, labels, cells, weight, soft, count):
        logits = self.module(x).squeeze(1)
        positives = torch.zeros(4).index_add_(0, cells, torch.sigmoid(logits))
        rows = torch.zeros(4).index_add_(0, cells, torch.ones_like(labels))
        weight = DECAY * weight + (1 - DECAY) * rows
        soft = DECAY * soft + (1 - DECAY) * positives.detach()
        count = count + 1
        expected = self.data.groups @ weight / (1 - DECAY ** count)
        rates = (self.data.groups @ positives) / expected
        return binary_cross_entropy_with_logits(logits, labels) + (self.signed * rates).sum(), weight, soft, count

    def step(self):
        data = self.data
        value, self.weight, self.soft, self.count = self.loss(data.x, data.labels, data.cells, self.weight, self.soft,
                                                              self.count)
        self.optimizer.zero_grad()
        value.backward()
        self.optimizer.step()

    def step_in_place(self):
        """The same with its state where a CUDA graph finds it again."""
        data, state = self.data, (self.weight, self.soft, self.count)
        value, *moved = self.loss(data.x, data.labels, data.cells, *state)
        for kept, new in zip(state, moved):
            kept.copy_(new)
        self.optimizer.zero_grad()
        value.backward()
        self.optimizer.step()


class Ours:
    def __init__(self, module, data, by_push=False):
        self.module, self.data, self.by_push = module, data, by_push
        self.optimizer = adamw(module, data)
        self.averages, self.count = torch.zeros(1, 4, 4, dtype=torch.float64), torch.zeros(1, dtype=torch.int64)
        self.table = parity_table()
        self.loss = self.plain_loss

    def prices(self, logits):
        ops, data = torch.ops.equipoise, self.data
        sums = ops.cell_stats(logits, data.narrow, data.cell_labels)
        return ops.price(sums, self.averages, self.count, data.multipliers, *self.table, DECAY).unbind(1)

    def plain_loss(self):
        logits, data = self.module(self.data.x).T, self.data
        return torch.ops.equipoise.lagrangian(logits, data.narrow, data.cell_labels, *self.prices(logits))[0].sum()

    def step(self):
        self.optimizer.zero_grad()
        if self.by_push:
            logits, data = self.module(self.data.x).T, self.data
            logits.backward(torch.ops.equipoise.push(logits, data.narrow, data.cell_labels, *self.prices(logits)))
        else:
            self.loss().backward()
        self.optimizer.step()


def compiled(way):
    way.loss = torch.compile(way.loss, fullgraph=True)
    return way


def replayed(step):
    """`step` as a CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()

    def replay():
        graph.replay()

    replay.step = step  # the graph reads its tensors by address: they must live as long
    return replay


def cooper_step(module, data):
    """The Lagrangian of the same two constraints by Cooper's own formulation, its multipliers kept where they are."""
    import cooper

    class Parity(cooper.ConstrainedMinimizationProblem):
        def __init__(self):
            super().__init__()
            multiplier = cooper.multipliers.DenseMultiplier(init=data.multipliers[0].float())
            self.gap = cooper.Constraint(constraint_type=cooper.ConstraintType.INEQUALITY, multiplier=multiplier,
                                         formulation_type=cooper.formulations.Lagrangian)

        def compute_cmp_state(self):
            logits = module(data.x).squeeze(1)
            rows = torch.zeros(4).index_add_(0, data.cells, torch.ones_like(data.labels))
            positives = torch.zeros(4).index_add_(0, data.cells, torch.sigmoid(logits))
            women, men = (data.groups @ positives) / (data.groups @ rows)
            state = cooper.ConstraintState(violation=torch.stack([women - men, men - women]))
            return cooper.CMPState(loss=binary_cross_entropy_with_logits(logits, data.labels),
                                   observed_constraints={self.gap: state})

    problem = Parity()
    optimizer = cooper.optim.SimultaneousOptimizer(
        cmp=problem, primal_optimizers=adamw(module, data),
        dual_optimizers=torch.optim.SGD(problem.dual_parameters(), lr=0.0, maximize=True))
    return lambda: optimizer.roll()


def ways_of(arguments, data, network):
    """Each way's step, and the module it trains."""
    modules = {}

    def fresh(name):
        modules[name] = copy.deepcopy(network)
        return modules[name]

    ways = {
        "PyTorch": Peer(fresh("PyTorch"), data).step,
        "ops": Ours(fresh("ops"), data).step,
        "ops, push": Ours(fresh("ops, push"), data, by_push=True).step,
    }
    if not arguments.no_compile:
        ways["PyTorch, compiled"] = compiled(Peer(fresh("PyTorch, compiled"), data)).step
        ways["ops, compiled"] = compiled(Ours(fresh("ops, compiled"), data)).step
    if data.x.is_cuda:
        ways["PyTorch, graph"] = replayed(Peer(fresh("PyTorch, graph"), data).step_in_place)
        ways["ops, graph"] = replayed(Ours(fresh("ops, graph"), data, by_push=True).step)
    if importlib.util.find_spec("cooper"):
        ways["Cooper"] = cooper_step(fresh("Cooper"), data)
    else:
        print("Cooper is not installed (cooper-optim on PyPI): left out")
    return ways, modules


def waiting(way, calls):
    """A few steps and a wait for the GPU, if there is one, as a loop that looks at its losses now and then does."""
    def run():
        for _ in range(calls):
            way()
        if torch.cuda.is_initialized():
            torch.cuda.synchronize()
    return run


def check(ways, modules):
    """The batch is the same at each step and so are the averages: any way that computes it has this gradient."""
    for name, way in ways.items():
        try:
            waiting(way, 1)()
        except RuntimeError as error:
            sys.exit(f"{name}: {error}")
    for name, module in modules.items():
        for ours, theirs in zip(module.parameters(), modules["PyTorch"].parameters()):
            torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-3, atol=1e-6,
                                       msg=lambda text: f"gradient of {name}: {text}")


def engine_seconds(arguments):
    """Of the program's own step, at the same batch, by the precision of its products."""
    name = f"step/{arguments.device}/K:1/B:{arguments.batch}/N:50000/piecewise:1/"
    with tempfile.NamedTemporaryFile(suffix=".json") as figures:
        subprocess.run([arguments.engine, f"--benchmark_filter={name}", "--benchmark_min_time=0.3",
                        f"--benchmark_out={figures.name}"], check=True, capture_output=True)
        cases = json.load(open(figures.name))["benchmarks"]
    precisions = ("fp32", "tf32", "bf16")  # by the last argument of the case's name
    return {f"engine, {precisions[int(case['name'].split('precision:')[1][0])]}": case["real_time"] * 1e-6 for case in cases}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", help="libequipoise_kernels.so")
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--width", type=int, default=288, help="components of a row (default 288, as the engine's)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--engine", help="the program step_benchmark")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    arguments = parser.parse_args()
    torch.ops.load_library(arguments.library)
    torch.set_num_threads(arguments.threads)
    torch.set_default_device(arguments.device)
    torch.manual_seed(1)
    data = Data(arguments.batch, arguments.width)
    network = torch.nn.Sequential(torch.nn.Linear(arguments.width, 256), torch.nn.ReLU(), torch.nn.Linear(256, 256),
                                  torch.nn.ReLU(), torch.nn.Linear(256, 1))
    ways, modules = ways_of(arguments, data, network)
    check(ways, modules)
    calls = 20 if data.x.is_cuda else 1
    if data.x.is_cuda:
        ways = {name: waiting(way, calls) for name, way in ways.items()}
    medians = {name: seconds / calls for name, seconds in alternate(ways, arguments.repeats).items()}
    if arguments.engine:
        medians |= engine_seconds(arguments)
    print(f"one step, MLP {arguments.width}-256-256-1, batch {arguments.batch}, on {arguments.device}, "
          f"{arguments.threads} threads; gradients agree within 1e-3")
    for name in sorted(medians, key=medians.get):
        print(f"    {name:20s} {medians[name] * 1e3:9.3f} ms   {medians[name] / medians['PyTorch']:6.3f} x PyTorch's")


if __name__ == "__main__":
    main()
