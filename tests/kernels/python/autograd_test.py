"""The ops as autograd sees them."""
import unittest

import torch
from sample import RULES, first_layer, ops, outcome_rows, price_arguments, rows, table


def lagrangian_in_pytorch(logits, cells, cell_labels, loss_price, soft_price, weights):
    cell, logits = cells.long(), logits.double()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, cell_labels.double()[cell].expand_as(logits), reduction="none")
    return (weights * (loss_price.double()[:, cell] * loss + soft_price.double()[:, cell] * logits.sigmoid())).sum(1)


class Lagrangian(unittest.TestCase):
    def test_value_and_gradient_are_those_of_the_same_formula_in_pytorch(self):
        arguments = rows()
        logits, same = (arguments[0].clone().requires_grad_() for _ in range(2))
        value, sums = ops.lagrangian(logits, *arguments[1:])
        expected = lagrangian_in_pytorch(same, *arguments[1:])
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)
        upstream = torch.tensor([1.0, -2.0], dtype=torch.float64)
        value.backward(upstream)
        expected.backward(upstream)
        torch.testing.assert_close(logits.grad, same.grad, rtol=1e-5, atol=1e-6)
        self.assertFalse(sums.requires_grad)

    def test_prices_and_weights_are_constants(self):
        arguments = [t.requires_grad_() if t.is_floating_point() else t for t in rows()]
        ops.lagrangian(*arguments)[0].sum().backward()
        self.assertIsNotNone(arguments[0].grad)
        self.assertEqual([arguments[i].grad for i in (3, 4, 5)], [None, None, None])

    def test_trains_a_module(self):
        torch.manual_seed(0)
        cells, labels = rows()[1:3]
        x = labels[cells.long()].float().unsqueeze(1) + 0.1 * torch.randn(50, 1)
        module = torch.nn.Linear(1, 1)
        optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
        prices = torch.full((1, 4), 1 / 50), torch.zeros(1, 4)
        values = []
        for _ in range(30):
            value, _ = ops.lagrangian(module(x).T, cells, labels, *prices)
            optimizer.zero_grad()
            value.sum().backward()
            optimizer.step()
            values.append(value.item())
        self.assertLess(values[-1], 0.6 * values[0])

    def test_a_second_derivative_is_refused(self):
        arguments = rows()
        logits = arguments[0].requires_grad_()
        gradient, = torch.autograd.grad(ops.lagrangian(*arguments)[0].sum(), logits, create_graph=True)
        with self.assertRaisesRegex(RuntimeError, "lagrangian: the gradient of its gradient was asked for"):
            gradient.sum().backward()

    def test_logits_changed_before_the_backward_pass_are_noticed(self):
        arguments = rows()
        logits = arguments[0].requires_grad_() * 1
        value, _ = ops.lagrangian(logits, *arguments[1:])
        ops.push_out(logits.detach(), *rows(seed=2))
        with self.assertRaisesRegex(RuntimeError, "modified by an inplace operation"):
            value.sum().backward()


def outcomes_in_pytorch(scores, targets, kind, parameters):
    """Losses [K, N] and soft values [K, N, M]."""
    if kind == "softmax":
        return -scores.log_softmax(2)[:, torch.arange(len(targets)), targets.long()], scores.softmax(2)
    z = scores[..., 0]
    if kind == "calibration":
        bins, threshold, temperature = parameters
        p = z.sigmoid()
        inside = torch.nn.functional.one_hot((p * bins).long(), int(bins)).to(p.dtype)
        above = ((z - threshold) / temperature).sigmoid().unsqueeze(2)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(z, targets.expand_as(z), reduction="none")
        return loss, torch.cat([above, p.unsqueeze(2) * inside, inside], 2)
    shift, scale, *rest = parameters
    error = z - (targets - shift) / scale
    loss = {"squared": lambda: error ** 2,
            "huber": lambda: torch.nn.functional.huber_loss(error, torch.zeros_like(error), reduction="none", delta=rest[0]),
            "quantile": lambda: torch.maximum(-rest[0] * error, (1 - rest[0]) * error)}[kind]()
    temperature, *thresholds = rest if kind == "squared" else rest[1:]
    prediction = shift + scale * z
    soft = [prediction, prediction - targets, (prediction - targets) ** 2]
    soft += [((prediction - threshold) / (temperature * scale)).sigmoid() for threshold in thresholds]
    return loss, torch.stack(soft, 2)


def outcome_lagrangian_in_pytorch(scores, targets, cells, loss_price, soft_price, kind, parameters, weights):
    loss, soft = outcomes_in_pytorch(scores.double(), targets.double(), kind, parameters)
    price = loss_price.double().view(len(scores), 4, -1)[:, cells.long(), 0]
    soft_price = soft_price.double().view(len(scores), 4, -1)[:, cells.long()]
    return (weights * (price * loss + (soft_price * soft).sum(2))).sum(1)


class OutcomeLagrangian(unittest.TestCase):
    def test_value_and_gradient_are_those_of_the_same_formula_in_pytorch(self):
        for kind in RULES:
            with self.subTest(kind):
                arguments = outcome_rows(kind)
                scores, same = (arguments[0].clone().requires_grad_() for _ in range(2))
                value, sums = ops.outcome_lagrangian(scores, *arguments[1:])
                expected = outcome_lagrangian_in_pytorch(same, *arguments[1:])
                torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-4)
                upstream = torch.tensor([1.0, -2.0], dtype=torch.float64)
                value.backward(upstream)
                expected.backward(upstream)
                torch.testing.assert_close(scores.grad, same.grad, rtol=1e-5, atol=1e-5)
                self.assertFalse(sums.requires_grad)

    def test_a_second_derivative_is_refused(self):
        arguments = outcome_rows()
        scores = arguments[0].requires_grad_()
        gradient, = torch.autograd.grad(ops.outcome_lagrangian(*arguments)[0].sum(), scores, create_graph=True)
        with self.assertRaisesRegex(RuntimeError, "outcome_lagrangian: the gradient of its gradient was asked for"):
            gradient.sum().backward()

    def test_targets_prices_and_weights_are_constants(self):
        arguments = [a.requires_grad_() if torch.is_tensor(a) and a.is_floating_point() else a for a in outcome_rows()]
        ops.outcome_lagrangian(*arguments)[0].sum().backward()
        self.assertIsNotNone(arguments[0].grad)
        self.assertEqual([arguments[i].grad for i in (1, 3, 4, 7)], [None] * 4)
        self.assertFalse(ops.outcome_stats(*arguments[:3], 4, *arguments[5:]).requires_grad)


class Constants(unittest.TestCase):
    def test_what_they_return_carries_no_gradient(self):
        arguments = rows()
        arguments[0].requires_grad_()
        sums = ops.cell_stats(*arguments[:3])
        averages, step, multipliers = price_arguments()
        prices = ops.price(sums, averages, step, multipliers.clone().requires_grad_(), *table(), 0.9)
        for tensor in (sums, prices, averages, ops.push(*arguments)):
            self.assertFalse(tensor.requires_grad)

    def test_price_moves_averages_and_step_on(self):
        sums = ops.cell_stats(*rows()[:3])
        averages, step, multipliers = price_arguments()
        ops.price(sums, averages, step, multipliers, *table(), 0.75)
        self.assertTrue(torch.equal(averages, 0.25 * sums))
        self.assertEqual(step.item(), 1)
        self.assertEqual((averages._version, step._version), (1, 1))


class EncodedLinear(unittest.TestCase):
    def test_is_a_matrix_product_of_the_gathered_rows(self):
        *encoding, numbers, weight, bias = first_layer()
        dense = ops.gather(*encoding, numbers, 7)
        leaves = [[weight.clone().requires_grad_(), bias.clone().requires_grad_()] for _ in range(2)]
        out = ops.encoded_linear(*encoding, numbers, *leaves[0])
        expected = dense @ leaves[1][0] + leaves[1][1].unsqueeze(1)
        torch.testing.assert_close(out, expected)
        (out ** 2).sum().backward()
        (expected ** 2).sum().backward()
        for ours, theirs in zip(*leaves):
            torch.testing.assert_close(ours.grad, theirs.grad)

    def test_second_derivatives_are_the_dense_product_s(self):
        *encoding, numbers, weight, bias = first_layer()
        dense = ops.gather(*encoding, numbers, 7)
        leaves = [[weight.clone().requires_grad_(), bias.clone().requires_grad_()] for _ in range(2)]
        layers = (lambda w, b: ops.encoded_linear(*encoding, numbers, w, b), lambda w, b: dense @ w + b.unsqueeze(1))
        for layer, leaf in zip(layers, leaves):
            gradients = torch.autograd.grad((layer(*leaf) ** 3).sum(), leaf, create_graph=True)
            sum((gradient ** 2).sum() for gradient in gradients).backward()
        for ours, theirs in zip(*leaves):
            self.assertGreater(theirs.grad.abs().max().item(), 1)
            torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-3)

    def test_ops_on_kept_buffers_give_the_same_bits(self):
        codes, values, layout, numbers, weight, bias = first_layer()
        expected = ops.encoded_linear(codes, values, layout, numbers, weight, bias)
        sums, out = torch.empty_like(weight), torch.empty_like(expected)
        ops.encoded_ramp_sums_out(sums, codes, values, layout, 7, weight)
        ops.encoded_linear_out(out, codes, values, layout, 7, numbers, weight, sums, bias)
        self.assertTrue(torch.equal(out, expected))
        ops.encoded_linear_range_out(out, codes, values, layout, 7, 4, weight, sums, bias)
        self.assertTrue(torch.equal(out, ops.encoded_linear(codes, values, layout, torch.arange(4, 16), weight, bias)))
        gradients = torch.empty_like(weight), torch.empty_like(bias)
        ops.encoded_linear_backward_out(*gradients, codes, values, layout, 7, numbers, expected)
        for kept, fresh in zip(gradients, ops.encoded_linear_backward(codes, values, layout, numbers, expected, 7)):
            self.assertTrue(torch.equal(kept, fresh))


class Activate(unittest.TestCase):
    def test_is_a_rectifier_whose_gradient_follows_its_output(self):
        torch.manual_seed(0)
        x, bias = torch.randn(2, 6, 4), torch.randn(2, 4)
        leaf, leaf_bias = x.clone().requires_grad_(), bias.clone().requires_grad_()
        expected = (leaf + leaf_bias.unsqueeze(1)).relu()
        ops.activate_(x, bias)
        torch.testing.assert_close(x, expected)
        gradient, bias_gradient = torch.randn(2, 6, 4), torch.empty(2, 4)
        expected.backward(gradient)
        ops.activate_backward_(gradient, x, bias_gradient)
        torch.testing.assert_close(gradient, leaf.grad)
        torch.testing.assert_close(bias_gradient, leaf_bias.grad)

    def test_dropout_is_a_function_of_seed_and_step(self):
        arguments = torch.tensor([3, 4]), torch.tensor([7]), 1, 128
        first, again, later = (torch.ones(2, 64, 32) for _ in range(3))
        ops.activate_(first, None, *arguments)
        ops.activate_(again, None, *arguments)
        ops.activate_(later, None, arguments[0], torch.tensor([8]), *arguments[2:])
        self.assertTrue(torch.equal(first, again))
        self.assertFalse(torch.equal(first, later))
        self.assertEqual(set(first.unique().tolist()), {0.0, 2.0})
        self.assertAlmostEqual(first.mean().item(), 1.0, delta=0.1)


if __name__ == "__main__":
    unittest.main()
