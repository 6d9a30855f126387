"""Cooper: the problem, optimizers and roll() of its quick start, with the exact rates as the strict violation that moves the multipliers."""
import cooper
import torch

from . import networks


class Parity(cooper.ConstrainedMinimizationProblem):
    """Cross-entropy under |rate of a group - everybody's| <= tolerance / 2, for every group and rate."""

    def __init__(self, count, constraint, tolerance):
        super().__init__()
        self.kind, self.half = constraint, tolerance / 2
        multiplier = cooper.multipliers.DenseMultiplier(num_constraints=count)
        self.constraint = cooper.Constraint(multiplier=multiplier, constraint_type=cooper.ConstraintType.INEQUALITY)

    def violation(self, probability, y, groups):
        of_groups, overall, present = networks.rates(probability, y, groups, self.kind)
        apart = torch.where(present, of_groups - overall, 0.)
        both = torch.cat([apart, -apart]) - self.half
        return torch.where(torch.cat([present, present]), both, 0.).flatten()

    def compute_cmp_state(self, model, x, y, groups):
        logit = model(x)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logit, y)
        state = cooper.ConstraintState(violation=self.violation(logit.sigmoid(), y, groups),
                                       strict_violation=self.violation((logit.detach() > 0).float(), y, groups))
        return cooper.CMPState(loss=loss, observed_constraints={self.constraint: state})


def run(data, constraint, tolerances, seed):
    x, y, groups = networks.tensors(data.learning, len(data.group_names))
    for tolerance in tolerances:
        model = networks.network(data, seed)
        problem = Parity(2 * groups.shape[1] * (1 if constraint == "parity" else 2), constraint, tolerance)
        optimizer = cooper.optim.SimultaneousOptimizer(
            cmp=problem, primal_optimizers=torch.optim.Adam(model.parameters(), lr=1e-3),
            dual_optimizers=torch.optim.SGD(problem.dual_parameters(), lr=1e-2, maximize=True))
        for _ in range(data.task.network[2]):
            for batch_x, batch_y, batch_groups in networks.loader(x, y, groups, 512):
                optimizer.roll(compute_cmp_state_kwargs={"model": model, "x": batch_x, "y": batch_y, "groups": batch_groups})
        yield tolerance, networks.decide(model, data.test)
