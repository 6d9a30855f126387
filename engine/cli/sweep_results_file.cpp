#include "engine/cli/sweep_results_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/sweep/frontier.h"

namespace equipoise::cli {
namespace {

using sweep::ConstraintFigures;
using sweep::RunResult;
using sweep::SplitFigures;
using sweep::SweepResults;

template <typename Get>
FileColumn numbers(const SweepResults& results, const std::string& name, const Get& get) {
  Numbers values;
  for (const RunResult& run : results.runs) values.push_back(get(run));
  return {name, std::move(values)};
}

template <typename Get>
FileColumn texts(const SweepResults& results, const std::string& name, const Get& get) {
  Texts values;
  for (const RunResult& run : results.runs) values.push_back(get(run));
  return {name, std::move(values)};
}

template <typename Get>
FileColumn plan_texts(const SweepResults& results, const std::string& name, const Get& get) {
  Texts values;
  for (const sweep::PlannedRun& run : results.plan.runs) values.push_back(get(run));
  return {name, std::move(values)};
}

// Numbers where every run that sets the field sets a number, else texts.
FileColumn field_column(const SweepResults& results, const std::string& field) {
  Numbers as_numbers;
  Texts as_texts;
  bool all_numbers = true;
  for (const sweep::PlannedRun& run : results.plan.runs) {
    const sweep::Value* value = sweep::value_of(run, field);
    as_numbers.emplace_back();
    as_texts.emplace_back();
    if (value == nullptr) continue;
    as_texts.back() = sweep::value_text(*value);
    all_numbers = all_numbers && value->is_number();
    if (value->is_number()) as_numbers.back() = value->get<double>();
  }
  if (all_numbers) return {field, std::move(as_numbers)};
  return {field, std::move(as_texts)};
}

void add_quality(std::vector<FileColumn>& columns, const SweepResults& results, data::Split split,
                 const std::string& prefix) {
  const auto add = [&](const std::string& name, const auto& get) {
    columns.push_back(numbers(results, prefix + name, [&](const RunResult& run) -> std::optional<double> {
      const SplitFigures* figures = run.on(split);
      return figures ? get(*figures) : std::nullopt;
    }));
  };
  const std::string quality = results.quality.is_error ? "rmse" : "accuracy";
  using Figure = std::optional<double>;
  add("rows", [](const SplitFigures& one) -> Figure { return static_cast<double>(one.rows); });
  add(quality, [](const SplitFigures& one) -> Figure { return one.quality; });
  if (!results.quality.is_error) {
    add(quality + "_low",
        [](const SplitFigures& one) { return one.quality_interval ? Figure(one.quality_interval->low) : Figure(); });
    add(quality + "_high",
        [](const SplitFigures& one) { return one.quality_interval ? Figure(one.quality_interval->high) : Figure(); });
    add("auc", [](const SplitFigures& one) -> Figure { return one.auc; });
    add("log_loss", [](const SplitFigures& one) -> Figure { return one.log_loss; });
  }
}

void add_constraint(std::vector<FileColumn>& columns, const SweepResults& results, data::Split split,
                    const std::string& prefix, std::size_t constraint) {
  const auto of = [split, constraint](const RunResult& run) -> const ConstraintFigures* {
    const SplitFigures* figures = run.on(split);
    return figures && figures->constraints[constraint] ? &*figures->constraints[constraint] : nullptr;
  };
  const std::string suffix = fmt::format("[{}]", results.constraints[constraint].name);
  const auto add = [&](const char* name, const auto& get) {
    columns.push_back(numbers(results, prefix + name + suffix, [&](const RunResult& run) -> std::optional<double> {
      const ConstraintFigures* figures = of(run);
      return figures ? get(*figures) : std::nullopt;
    }));
  };
  using Figure = std::optional<double>;
  add("gap", [](const ConstraintFigures& one) { return one.gap; });
  add("gap_low", [](const ConstraintFigures& one) { return one.interval ? Figure(one.interval->low) : Figure(); });
  add("gap_high", [](const ConstraintFigures& one) { return one.interval ? Figure(one.interval->high) : Figure(); });
  add("upper_bound", [](const ConstraintFigures& one) { return one.upper_bound; });
  add("tolerance", [](const ConstraintFigures& one) {
    return one.verdict == evaluation::Verdict::no_promise ? Figure() : Figure(one.tolerance);
  });
  add("noise_floor", [](const ConstraintFigures& one) -> Figure { return one.noise_floor; });
  columns.push_back(
      texts(results, prefix + "verdict" + suffix, [&](const RunResult& run) -> std::optional<std::string> {
        const ConstraintFigures* figures = of(run);
        return figures ? std::optional<std::string>(evaluation::name_of(figures->verdict)) : std::nullopt;
      }));
}

}  // namespace

std::vector<FileColumn> results_columns(const SweepResults& results) {
  std::vector<FileColumn> columns = {
      plan_texts(results, "run", [](const sweep::PlannedRun& run) { return run.id; }),
      plan_texts(results, "job", [](const sweep::PlannedRun& run) { return run.job; }),
      texts(results, "folder", [](const RunResult& run) { return run.folder; }),
      texts(results, "status", [](const RunResult& run) { return std::string(sweep::name_of(run.status)); }),
      texts(results, "reason",
            [](const RunResult& run) { return run.reason.empty() ? std::nullopt : std::optional(run.reason); })};
  for (const std::string& field : results.fields) columns.push_back(field_column(results, field));
  columns.push_back(numbers(results, "seconds", [](const RunResult& run) { return run.seconds; }));
  columns.push_back(numbers(results, "steps", [](const RunResult& run) {
    return run.steps > 0 ? std::optional(static_cast<double>(run.steps)) : std::nullopt;
  }));
  columns.push_back(texts(results, "data_sha256", [](const RunResult& run) {
    return run.data_sha256.empty() ? std::nullopt : std::optional(run.data_sha256);
  }));
  for (const data::Split split :
       {data::Split::test, data::Split::selection, data::Split::holdout, data::Split::train}) {
    const bool any = std::ranges::any_of(results.runs, [&](const RunResult& run) { return run.on(split) != nullptr; });
    if (!any) continue;
    const std::string prefix = std::string(data::kSplitNames[static_cast<int>(split)]) + "_";
    add_quality(columns, results, split, prefix);
    columns.push_back(texts(results, prefix + "verdict", [&](const RunResult& run) -> std::optional<std::string> {
      const auto verdict = run.on(split) ? sweep::worst_verdict(*run.on(split)) : std::nullopt;
      return verdict ? std::optional<std::string>(evaluation::name_of(*verdict)) : std::nullopt;
    }));
    for (std::size_t c = 0; c < results.constraints.size(); ++c) add_constraint(columns, results, split, prefix, c);
  }
  return columns;
}

}  // namespace equipoise::cli
