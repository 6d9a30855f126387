#include <fmt/format.h>
#include <chrono>

#include "engine/cli/command.h"
#include "engine/cli/compiled_tables.h"
#include "engine/cli/measuring.h"
#include "engine/cli/posterior.h"
#include "engine/config/load.h"
#include "engine/core/error.h"
#include "engine/frontier/tolerances.h"

namespace equipoise::cli {
namespace {

class Frontier final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {{"CONFIG", "x", &config_file_, "", true}, {"key=value", "y", &overrides_}};
  }
  int run(const Console& console, TerminalJournal& journal) override {
    config::load(config_file_, overrides_, config_, origin_);
    check_frontier(config_, origin_);
    const at::Device device = training::choose_device(config_, origin_, journal);
    data::Prepared prepared = data::prepare(config_.data, static_cast<std::uint64_t>(config_.seed), origin_, journal);
    const auto table = compile_tables({config_}, prepared.dataset, origin_, journal).front();
    auto result = train_posterior(config_, prepared, table, device, origin_, journal);
    journal.end_line();
    fmt::print("trained {:.1f}\n", result.seconds);
    auto t0 = std::chrono::steady_clock::now();
    auto since = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count(); };
    const auto cells = frontier::posterior_cells_of(table.cells);
    const auto posteriors = posteriors_of(prepared.dataset, *result.learner, device);
    const auto held = held_out_rows(prepared.dataset, table, cells, posteriors, origin_);
    fmt::print("scored {:.3f}\n", since());
    for (bool margin : {false, true})
    for (bool corrected : {false, true}) {
      frontier::Solver solver(table, cells, held, corrected);
      for (double t : {.01, .02, .05, .10}) {
        const auto own = frontier::with_tolerances(table, frontier::at_tolerance(config_.constraints, t));
        auto start = since();
        const auto solved = solver.solve(own, margin ? margins_of(config_, own, prepared.dataset) : frontier::MarginsOf{});
        auto end = since();
        const auto rule = frontier::cell_rule(solved.weights, cells);
        std::vector<double> scores(prepared.dataset.rows());
        for (std::size_t i = 0; i < scores.size(); ++i) models::decide(rule, posteriors.data() + i * cells.count(), &scores[i]);
        MeasuredRows rows(prepared.dataset, own.cells.of_row, scores);
        auto c1 = config_; c1.constraints = frontier::at_tolerance(config_.constraints, t);
        const auto test = rows.measure("test", prepared.dataset.rows_of(data::Split::test), own, c1);
        const auto sel = rows.measure("selection", prepared.dataset.rows_of(data::Split::selection), own, c1);
        auto after = since();
        const auto erates = constraints::rate_values(own, frontier::table_sums(solved.decided.expected, cells), constraints::Reading::exact);
        double egap = 0; for (auto& p : own.promises) egap = std::max(egap, constraints::gap(p, erates));
        fmt::print("m{} c{} t {:.3f}: test {:.4f}/{:.4f} sel {:.4f}/{:.4f} expected {:.4f}/{:.4f} excess {:.5f} bound {:.6f} rounds {} {:.3f}s measure {:.3f}s mult", margin, corrected, t, test.metrics.accuracy, *test.constraints[0].gap,
          sel.metrics.accuracy, *sel.constraints[0].gap, solved.accuracy, egap, solved.excess, solved.bound, solved.rounds, end - start, after - end);
        for (double m : solved.multipliers) fmt::print(" {:.4f}", m);
        fmt::print("\n");
      }
    }
    return 0;
  }

 private:
  std::string config_file_;
  std::vector<std::string> overrides_;
  training::RunConfig config_;
  config::Origin origin_;
};

}  // namespace

std::unique_ptr<Command> make_frontier() { return std::make_unique<Frontier>(); }

}  // namespace equipoise::cli
