"""The ops as torch.compile and torch.library.opcheck see them."""
import unittest

import torch
import torch._dynamo.backends.common
import torch._dynamo.testing
from sample import RULES, encoded, first_layer, judge_arguments, ops, outcome_rows, price_arguments, rows, table


def made_rows():
    """Four rows of two cells and two features, half of which are made by SMOTE."""
    made = (torch.empty(6, 2, dtype=torch.int16), torch.empty(6, 2), torch.empty(6, dtype=torch.int32), torch.empty(6, dtype=torch.int64),
            torch.empty(6))
    rows = (torch.tensor([0, 1, 2, 3, 0, 1]), torch.zeros(4, 2, dtype=torch.int16), torch.rand(4, 2), torch.tensor([2, 2], dtype=torch.uint8),
            torch.zeros(2, dtype=torch.int16), torch.tensor([0, 0, 1, 1], dtype=torch.int32), torch.arange(4), torch.tensor([0, 2, 4]),
            torch.tensor([[1], [0], [3], [2]]), [], [], [])
    return (*made, *rows, torch.zeros(1, dtype=torch.int32), torch.zeros(1), torch.full((2, 1), 2**31), 7, torch.tensor([3]))


def changed_images():
    """Four pictures of two cells, half of which are mirrored and mixed."""
    settings = torch.tensor([[2**31, 1, 2, 400, 0, 1, 900, 100]])
    return (torch.empty(6, 3, 4, 4, dtype=torch.bfloat16), torch.randint(256, (4, 3, 4, 4), dtype=torch.uint8), torch.zeros(3), torch.ones(3),
            torch.tensor([0, 1, 2, 3, 0, 1]), torch.tensor([0, 0, 1, 1], dtype=torch.int32), torch.arange(4), torch.tensor([0, 2, 4]),
            settings, torch.full((2, 1), 2**31), 7, torch.tensor([3]))


def calls():
    """One call of every op that can be traced, by its full name: the overload and its arguments."""
    row_arguments = rows()
    differentiable = [row_arguments[0].clone().requires_grad_(), *row_arguments[1:]]
    sums = ops.cell_stats(*row_arguments[:3])
    numbers, step = torch.empty(10, dtype=torch.int64), torch.tensor([3])
    shares = (torch.arange(10), torch.tensor([0, 4, 10]), torch.tensor([2**31, 2**32]))
    codes, values, layout, chosen, weight, bias = first_layer()
    out = ops.encoded_linear(codes, values, layout, chosen, weight, bias)
    learned = weight.clone().requires_grad_(), bias.clone().requires_grad_()
    seeds = torch.tensor([5, 6])
    labels = (torch.arange(50) % 3 == 0).to(torch.uint8)
    scores, targets, outcome_cells, *outcome_prices = outcome_rows()
    by_scores = [scores.clone().requires_grad_(), targets, outcome_cells, *outcome_prices]
    return {
        ops.cell_stats.default: (*differentiable[:3], row_arguments[5], 0.1, 0.7),
        ops.push.default: (*differentiable, 0.1, 0.7),
        ops.push_out.default: (torch.empty(2, 50), *row_arguments),
        ops.lagrangian.default: (*differentiable, 0.1, 0.7),
        ops.outcome_stats.default: (*by_scores[:3], 4, *outcome_prices[2:]),
        ops.outcome_push.default: tuple(by_scores),
        ops.outcome_push_out.default: (torch.empty_like(scores), scores, *by_scores[1:]),
        ops.outcome_lagrangian.default: tuple(by_scores),
        ops.price.default: (sums, *price_arguments(), *table(), 0.9),
        ops.measure_price_push.default: (*row_arguments[:3], row_arguments[5], *price_arguments(), *table(), 0.9, 0.1, 0.7),
        ops.judge.default: (sums, *table(), *judge_arguments(), True, 0.9, 1.0, 1.0, 2.0),
        ops.draw_epoch.default: (numbers, 100, 7, 3),
        ops.draw_epoch.tensor_step: (numbers, 100, 7, step),
        ops.draw_uniform.default: (numbers, 100, 7, 3),
        ops.draw_uniform.tensor_step: (numbers, 100, 7, step),
        ops.draw_cells.default: (numbers, *shares, 7, 3),
        ops.draw_cells.tensor_step: (numbers, *shares, 7, step),
        ops.make_rows_out.default: made_rows(),
        ops.image_augment_out.default: changed_images(),
        ops.gather.default: (*encoded(), chosen, 7),
        ops.encoded_linear.default: (codes, values, layout, chosen, *learned),
        ops.encoded_linear_backward.default: (codes, values, layout, chosen, out, 7),
        ops.encoded_linear_out.default: (out.clone(), codes, values, layout, 7, chosen, weight, weight.clone(), bias),
        ops.encoded_linear_range_out.default: (out.clone(), codes, values, layout, 7, 4, weight, weight.clone(), bias),
        ops.encoded_ramp_sums_out.default: (torch.zeros_like(weight), codes, values, layout, 7, weight),
        ops.encoded_linear_backward_out.default: (weight.clone(), bias.clone(), codes, values, layout, 7, chosen, out),
        ops.activate_.default: (out.clone(), bias, seeds, step, 1, 64),
        ops.activate_backward_.default: (out.clone(), out.clone(), bias.clone(), 64),
        ops.logit_layer_backward.default: (row_arguments[0], torch.randn(2, 5), torch.randn(2, 50, 5).relu(), 64),
        ops.bank_adamw_.default: (*(torch.rand(2, 5) for _ in range(4)), torch.zeros(2, dtype=torch.int64),
                                  torch.ones(2, dtype=torch.uint8), torch.zeros(2, dtype=torch.float64),
                                  torch.full((2,), 0.1, dtype=torch.float64), 0.9, 0.999, 1e-8, 0.01, 1.0),
        ops.not_finite.default: (row_arguments[0],),
        ops.cell_order.default: (row_arguments[1], 4),
        ops.neighbors.default: (torch.rand(50, 3), row_arguments[1], 4, 5),
        ops.score_areas.default: (torch.rand(2, 50), labels),
        ops.score_above.default: (torch.rand(2, 50), labels, torch.tensor([0.2, 0.7], dtype=torch.float64)),
        ops.score_histogram.default: (torch.rand(2, 50), labels, 5),
    }


class OpCheck(unittest.TestCase):
    def test_every_op(self):
        for op, arguments in calls().items():
            with self.subTest(str(op)):
                results = torch.library.opcheck(op, arguments)
                self.assertEqual(set(results.values()), {"SUCCESS"})

    def test_none_is_left_out(self):
        # Both checks read their tensors on the host: there is nothing in them to trace. How many values are different is
        # known only from the data.
        untraceable = {"equipoise::check_encoded", "equipoise::check_rate_table", "equipoise::unique_counts"}
        defined = {name for name in torch._C._dispatch_get_all_op_names() if name.startswith("equipoise::")}
        checked = {op.name() for op in calls()}
        self.assertEqual(defined - untraceable, checked)


def train_step(module, x, cells, labels, averages, step, multipliers, *table_tensors):
    logits = module(x).T
    prices = ops.price(ops.cell_stats(logits, cells, labels), averages, step, multipliers, *table_tensors, 0.9)
    return ops.lagrangian(logits, cells, labels, prices[:, 0], prices[:, 1])[0].sum()


class Compile(unittest.TestCase):
    def step_with(self, function, count, module):
        arguments = rows(members=1, count=count)
        averages, step, multipliers = price_arguments(members=1)
        module.zero_grad()
        value = function(module, arguments[0].T.contiguous(), *arguments[1:3], averages, step, multipliers, *table())
        value.backward()
        return [value.detach(), averages, step, *(p.grad.clone() for p in module.parameters())]

    def test_a_training_step_has_no_graph_break_and_the_same_results(self):
        torch.manual_seed(0)
        module = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        torch._dynamo.reset()
        counted = torch._dynamo.testing.CompileCounterWithBackend("aot_eager")
        compiled = torch.compile(train_step, backend=counted, fullgraph=True)
        for count in (50, 40, 30, 20):  # from the second size on it is a symbol
            for eager, traced in zip(self.step_with(train_step, count, module),
                                     self.step_with(compiled, count, module)):
                torch.testing.assert_close(traced, eager, rtol=1e-6, atol=1e-7)
        self.assertEqual(counted.frame_count, 2)

    def test_the_backward_pass_is_traced_as_push(self):
        graphs = []

        def keep(graph, _):
            graphs.append({str(node.target) for node in graph.graph.nodes})
            return graph

        backend = torch._dynamo.backends.common.aot_autograd(fw_compiler=keep, bw_compiler=keep)
        torch._dynamo.reset()
        arguments = rows()
        logits = arguments[0].requires_grad_()
        compiled = torch.compile(lambda z: ops.lagrangian(z, *arguments[1:])[0].sum(), backend=backend, fullgraph=True)
        compiled(logits).backward()
        self.assertIn("equipoise.lagrangian.default", graphs[0])
        self.assertIn("equipoise.push.default", graphs[1])

    def test_a_step_over_outcomes_is_traced_as_two_ops(self):
        graphs = []

        def keep(graph, _):
            graphs.append({str(node.target) for node in graph.graph.nodes})
            return graph

        backend = torch._dynamo.backends.common.aot_autograd(fw_compiler=keep, bw_compiler=keep)
        for kind in RULES:
            arguments, gradients = outcome_rows(kind), []
            graphs.clear()
            torch._dynamo.reset()
            step = lambda z: ops.outcome_lagrangian(z, *arguments[1:])[0].sum()
            for function in (step, torch.compile(step, backend=backend, fullgraph=True)):
                scores = arguments[0].clone().requires_grad_()
                function(scores).backward()
                gradients.append(scores.grad)
            self.assertTrue(torch.equal(*gradients))
            self.assertIn("equipoise.outcome_lagrangian.default", graphs[0])
            self.assertIn("equipoise.outcome_push.default", graphs[1])

    def test_rows_drawn_gathered_and_multiplied(self):
        codes, values, layout, _, weight, bias = first_layer()

        def forward(step):
            numbers = torch.empty(8, dtype=torch.int64)
            ops.draw_epoch(numbers, 30, 7, step)
            out = ops.encoded_linear(codes, values, layout, numbers, weight, bias)
            ops.activate_(out, bias)
            return out, ops.gather(codes, values, layout, numbers, 7)

        torch._dynamo.reset()
        counted = torch._dynamo.testing.CompileCounterWithBackend("aot_eager")
        compiled = torch.compile(forward, backend=counted, fullgraph=True)
        for step in range(3):
            for eager, traced in zip(forward(torch.tensor([step])), compiled(torch.tensor([step]))):
                self.assertTrue(torch.equal(eager, traced))
        self.assertEqual(counted.frame_count, 1)

    def test_inductor(self):
        # Nothing but ops of the library, so that no C++ compiler is needed; a whole step under inductor is in
        # benchmarks/peers/lagrangian_step.py.
        arguments, state = rows(), [price_arguments() for _ in range(2)]

        def prices(averages, step, multipliers):
            return ops.price(ops.cell_stats(*arguments[:3]), averages, step, multipliers, *table_tensors, 0.9)

        table_tensors = table()
        torch._dynamo.reset()
        compiled = torch.compile(prices, backend="inductor", fullgraph=True)
        self.assertTrue(torch.equal(compiled(*state[0]), prices(*state[1])))
        for compiled_state, eager_state in zip(*state):
            self.assertTrue(torch.equal(compiled_state, eager_state))

    def test_a_wrong_shape_is_refused_with_the_ops_own_words(self):
        torch._dynamo.reset()
        compiled = torch.compile(lambda *a: ops.push(*a), backend="aot_eager", fullgraph=True)
        arguments = rows()
        arguments[3] = torch.ones(3, 4)
        with self.assertRaisesRegex(Exception, r"push: loss_price has shape \[3, 4\], expected \[2, 4\]"):
            compiled(*arguments)


if __name__ == "__main__":
    unittest.main()
