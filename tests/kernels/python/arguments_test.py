"""What the ops say to arguments that do not fit, and which unusual ones they take."""
import unittest

import torch
from sample import LABELS, encoded, first_layer, ops, outcome_rows, price_arguments, rows, table


def replaced(arguments, place, value):
    return [*arguments[:place], value, *arguments[place + 1:]]


class Refusals(unittest.TestCase):
    def refuses(self, message, op, *arguments):
        with self.assertRaises(RuntimeError) as caught:
            op(*arguments)
        self.assertIn(message, str(caught.exception))

    def test_rows(self):
        good = rows()
        for op in (ops.push, ops.lagrangian):
            name = op.__name__
            cases = {
                "logits has type Double, expected float32 or bfloat16": (0, good[0].double()),
                "logits has shape [50], expected [K, N]": (0, good[0][0]),
                "cells has type Long, expected uint8, int16 or int32": (1, good[1].long()),
                "cells has shape [49], expected [50]": (1, good[1][1:]),
                "cells is on meta, expected cpu, where logits is": (1, good[1].to("meta")),
                "cell_labels has type Int, expected Byte": (2, LABELS.int()),
                "cell_labels has shape [0], expected [C] with C > 0": (2, LABELS[:0]),
                "loss_price has shape [3, 4], expected [2, 4]": (3, torch.ones(3, 4)),
                "loss_price has type Double, expected Float": (3, good[3].double()),
                "soft_price has shape [2, 5], expected [2, 4]": (4, torch.ones(2, 5)),
                "weights has shape [51], expected [50]": (5, torch.ones(51)),
            }
            for message, (place, value) in cases.items():
                with self.subTest(message, op=name):
                    self.refuses(f"{name}: {message}", op, *replaced(good, place, value))

    def test_threshold_and_temperature(self):
        self.refuses("cell_stats: temperature is 0, expected a finite number above 0", ops.cell_stats, *rows()[:3],
                     None, 0.0, 0.0)
        self.refuses("cell_stats: threshold is nan, expected a finite number", ops.cell_stats, *rows()[:3], None,
                     float("nan"))

    def test_a_cell_out_of_range_is_named_by_its_row(self):
        good = rows()
        good[1][17] = 4
        self.refuses("cell_stats: the cell of row 17 is outside [0, 4)", ops.cell_stats, *good[:3])
        self.refuses("push: the cell of row 17 is outside [0, 4)", ops.push, *good)

    def test_outcome_rules(self):
        good = outcome_rows()
        refused = {
            "outcome rule: there is no kind \"probit\", expected softmax, squared, huber, quantile or calibration":
                (5, "probit"),
            "softmax rule: classes is 1, expected 2 to 64": (6, [1.0]),
            "outcome_push: scores has shape [2, 50, 3], expected [K, N, 4]": (6, [4.0]),
            "outcome_push: loss_price has shape [2, 11], expected [2, C * 3] with C > 0": (3, torch.ones(2, 11)),
            "outcome_push: the target of row 0 is 7, expected a class, a whole number in [0, 3)":
                (1, torch.full((50,), 7.0)),
        }
        for message, (place, value) in refused.items():
            with self.subTest(message):
                self.refuses(message, ops.outcome_push, *replaced(good, place, value))

    def test_push_out(self):
        good = rows()
        self.refuses("push: gradient is not contiguous, its strides are [1, 2]", ops.push_out,
                     torch.empty(50, 2).T, *good)
        self.refuses("push: gradient has shape [2, 49], expected [2, 50]", ops.push_out, torch.empty(2, 49), *good)
        self.refuses("push: gradient has type BFloat16, expected Float", ops.push_out,
                     torch.empty(2, 50, dtype=torch.bfloat16), *good)

    def test_price(self):
        sums = ops.cell_stats(*rows()[:3])
        good = [sums, *price_arguments(), *table()]
        cases = {
            "sums has type Float, expected Double": (0, sums.float()),
            "sums has shape [2, 4], expected [K, C, 4]": (0, sums[..., 0]),
            "averages has shape [3, 4, 4], expected [2, 4, 4]": (1, torch.zeros(3, 4, 4, dtype=torch.float64)),
            "averages is not contiguous": (1, torch.zeros(4, 4, 2, dtype=torch.float64).permute(2, 1, 0)),
            "step has type Int, expected Long": (2, torch.zeros(1, dtype=torch.int32)),
            "multipliers has shape [2, 3], expected [2, 2]": (3, torch.zeros(2, 3, dtype=torch.float64)),
            "numerator_index has type Long, expected Int": (5, good[5].long()),
            "numerator_value has shape [3], expected [4]": (6, good[6][1:]),
            "numerator_offsets describes 2 rates, denominator_offsets 1": (7, good[7][:2]),
            "entry 1 of numerator is 12, expected a number in [0, 12)": (5, torch.tensor([2, 12, 8, 11]).int()),
            "entry 3 of constraint is 2, expected a number in [0, 2)": (11, torch.tensor([0, 1, 0, 2]).int()),
        }
        for message, (place, value) in cases.items():
            with self.subTest(message):
                self.refuses(f"price: {message}", ops.price, *replaced(good, place, value), 0.9)
        self.refuses("price: decay is 1, expected a number in [0, 1)", ops.price, *good, 1.0)
        self.refuses("price: entry 2 of numerator is 8, expected a number in [0, 6)", ops.check_rate_table, *table(), 2)

    def test_draw(self):
        numbers = torch.empty(10, dtype=torch.int64)
        self.refuses("draw_epoch: rows has 10 slots, expected at most the population, 9", ops.draw_epoch, numbers, 9, 1, 0)
        self.refuses("draw_epoch: step is -1, expected 0 or more", ops.draw_epoch, numbers, 20, 1, torch.tensor([-1]))
        self.refuses("draw_uniform: step has shape [2], expected [1]", ops.draw_uniform, numbers, 20, 1,
                     torch.tensor([3, 4]))
        self.refuses("draw_uniform: rows has type Int, expected Long", ops.draw_uniform, numbers.int(), 20, 1, 0)

    def test_gather(self):
        codes, values, layout = encoded()
        numbers = torch.tensor([0, 29])
        self.refuses("gather: slot 1 asks for row 30, expected a number in [0, 30)", ops.gather, codes, values, layout,
                     numbers + 1, 7)
        self.refuses("gather: the layout fills 7 components, width is 6", ops.gather, codes, values, layout, numbers, 6)
        self.refuses("gather: values has shape [30, 1], expected [30, 2]", ops.gather, codes, values[:, :1], layout,
                     numbers, 7)
        codes[3, 1] = 3
        self.refuses("check_encoded: row 3, feature 1 has code 3, expected a number in [-1, 3)", ops.check_encoded, codes,
                     layout)

    def test_encoded_linear(self):
        good = first_layer()
        wrong_codes = good[0].clone()
        wrong_codes[good[3][0], 0] = 4
        cases = {
            f"row {good[3][0]}, feature 0 has code 4, expected a number in [0, 4)": (0, wrong_codes),
            "values has shape [29, 2], expected [30, 2]": (1, good[1][1:]),
            "layout has shape [1, 3], expected [2, 3]": (2, good[2][1:]),
            "rows[11] is 30, expected 0 to 29": (3, torch.cat([good[3][:11], torch.tensor([30])])),
            "weight has shape [7, 5], expected [K, D, H]": (4, good[4][0]),
            "the layout fills 7 components, width is 6": (4, good[4][:, 1:].contiguous()),
            "weight has strides [35, 1, 7], expected each member's part to be contiguous": (4, good[4].transpose(1, 2).contiguous().transpose(1, 2)),
            "bias has shape [1, 5], expected [2, 5]": (5, good[5][:1]),
        }
        for message, (place, value) in cases.items():
            with self.subTest(message):
                self.refuses(f"encoded_linear: {message}", ops.encoded_linear, *replaced(good, place, value))
        codes, values, layout, numbers, weight, bias = good
        out, sums = torch.empty(2, 12, 5), torch.empty_like(weight)
        self.refuses("encoded_linear: rows[10] is 30, expected 0 to 29", ops.encoded_linear_range_out, out, codes, values,
                     layout, 7, 20, weight, sums, bias)
        self.refuses("encoded_linear: output_gradient has shape [2, 12, 5], expected [2, 11, 5]",
                     ops.encoded_linear_backward_out, sums, torch.empty(2, 5), codes, values, layout, 7, numbers[1:], out)

    def test_activate(self):
        x = torch.ones(2, 3, 4)
        self.refuses("activate: x is not contiguous", ops.activate_, x.transpose(0, 1))
        self.refuses("activate: bias has shape [4], expected [2, 4]", ops.activate_, x, torch.ones(4))
        self.refuses("activate: rate_256 is 256, expected 0 to 255", ops.activate_, x, None, None, None, 0, 256)
        self.refuses("activate: seeds is an undefined tensor", ops.activate_, x, None, None, None, 0, 64)
        self.refuses("activate: activated has shape [2, 3, 5], expected [2, 3, 4]", ops.activate_backward_, x,
                     torch.ones(2, 3, 5))

    def test_a_tensor_that_an_op_writes_may_not_require_a_gradient(self):
        x = torch.ones(2, 3, 4, requires_grad=True)
        self.refuses("equipoise::activate_: x requires a gradient, expected a tensor that does not", ops.activate_, x)
        with torch.no_grad():
            ops.activate_(x, -torch.ones(2, 4))
        self.assertEqual(x.abs().sum().item(), 0)


class Accepted(unittest.TestCase):
    def test_no_rows_at_all(self):
        empty = rows(count=0)
        value, sums = ops.lagrangian(*empty)
        self.assertTrue(torch.equal(value, torch.zeros(2, dtype=torch.float64)))
        self.assertTrue(torch.equal(sums, torch.zeros(2, 4, 4, dtype=torch.float64)))
        self.assertEqual(ops.push(*empty).shape, (2, 0))
        prices = ops.price(sums, *price_arguments(), *table(), 0.9)
        self.assertFalse(prices.isnan().any())
        self.assertEqual(ops.gather(*encoded(), torch.empty(0, dtype=torch.int64), 7).shape, (0, 7))

    def test_strides_of_what_is_only_read(self):
        plain = rows()
        strided = [t.T.contiguous().T if t.dim() == 2 else torch.stack([t, t], 1)[:, 0] for t in plain]
        self.assertFalse(any(t.is_contiguous() for t in strided))
        self.assertTrue(torch.equal(ops.push(*strided), ops.push(*plain)))
        self.assertTrue(torch.equal(ops.lagrangian(*strided)[1], ops.lagrangian(*plain)[1]))

    def test_every_type_of_logits_and_cells(self):
        plain = rows()
        expected = ops.cell_stats(*plain[:3])
        for cell_type in (torch.uint8, torch.int16, torch.int32):
            self.assertTrue(torch.equal(ops.cell_stats(plain[0], plain[1].to(cell_type), plain[2]), expected))
        half = rows(dtype=torch.bfloat16)
        self.assertEqual(ops.push(*half).dtype, torch.bfloat16)
        torch.testing.assert_close(ops.cell_stats(*half[:3]), expected, rtol=0.02, atol=0.1)


if __name__ == "__main__":
    unittest.main()
