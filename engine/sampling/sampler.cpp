#include "engine/sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/annotations.h"
#include "engine/sampling/massage.h"

namespace equipoise::sampling {
namespace {

double step_of(const RecipeParams& params) {
  return params.step > 0 ? params.step : recipe_entry(params.recipe).number;
}

// FairBatch towards parity follows decisions, not losses.
std::string sentence_of(const RecipeParams& params) {
  if (params.recipe == "fairbatch" && params.rate == "demographic_parity")
    return "after each epoch gives the group that is given a label most rarely more of the batch among its rows of "
           "that "
           "label, and less among the others";
  return recipe_entry(params.recipe).sentence;
}

bool is_same(const Shares& a, const Shares& b) {
  return std::ranges::equal(a, b, [](double one, double other) { return std::abs(one - other) < 1e-9; });
}

std::string rounded(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", number);
  return text;
}

// A cell whose rows are drawn, or count, so many times as often as they come.
struct Extreme {
  std::size_t cell = 0;
  double times = 1;
};

// The furthest from once by name, of the others how many they are.
std::string extremes_text(const SampledCells& cells, std::vector<Extreme> extremes) {
  constexpr std::size_t kNamed = 3;
  std::ranges::stable_sort(extremes, std::greater(), [](const Extreme& one) { return std::abs(std::log(one.times)); });
  std::string text;
  for (std::size_t i = 0; i < extremes.size() && i < kNamed; ++i) {
    const std::int64_t rows = cells.cells[extremes[i].cell].rows;
    text += (i == 0 ? " each row of " : "; of ") + cells.name(extremes[i].cell) + " " + rounded(extremes[i].times) +
            " times" + (i == 0 ? " as often as it comes (" : " (") + std::to_string(rows) +
            (rows == 1 ? " training row)" : " training rows)");
  }
  const std::size_t more = extremes.size() - std::min(extremes.size(), kNamed);
  if (more > 0)
    text += "; and of " + std::to_string(more) + (more == 1 ? " cell more" : " cells more") +
            " above ten times or below a tenth";
  return text + ".";
}

// Whom a recipe is aimed at: " of sex=Female, label=positive"; empty where it is at everybody.
std::string aim_of(const RecipeParams& params) {
  std::string text;
  for (const auto& [column, level] : params.where)
    text.append(text.empty() ? " of " : ", ").append(column).append("=").append(level);
  return text;
}

// What is wrong with the columns that recipes exchange hangs on no cell: said beside what is wrong with those.
SampledCells checked_cells(const SamplingParams& params, const data::Dataset& dataset,
                           const std::vector<std::int64_t>& rows, const config::Origin& origin) {
  core::ProblemList problems;
  SampledCells cells;
  problems.collect([&] { cells = make_cells(params, dataset, rows, origin); });
  for (std::size_t i = 0; i < params.recipes.size(); ++i)
    problems.collect([&] {
      if (params.recipes[i].recipe == "counterfactual")
        swap_columns(params.recipes[i], dataset, rows, "sampling.recipes[" + std::to_string(i) + "]", origin);
    });
  problems.throw_if_any();
  return cells;
}

// Of the rows of some cells, how many a recipe's exchange changes: linked columns follow one of those.
std::int64_t changed_rows(const std::vector<SwapColumn>& swaps, const SampledCells& cells,
                          const std::vector<double>& share_of_cell) {
  std::int64_t changed = 0;
  for (std::size_t row = 0; row < cells.of_row.size(); ++row) {
    if (share_of_cell[static_cast<std::size_t>(cells.of_row[row])] <= 0) continue;
    changed += std::ranges::any_of(swaps, [&](const SwapColumn& swap) {
      const std::int16_t level = swap.level_of_row[row];
      return swap.parent < 0 && level >= 0 && swap.becomes[static_cast<std::size_t>(level)] != level;
    });
  }
  return changed;
}

}  // namespace

Sampler::Sampler(const SamplingParams& params, const data::Dataset& dataset, const std::vector<std::int64_t>& rows,
                 const config::Origin& origin)
    : cells_(checked_cells(params, dataset, rows, origin)), origin_(origin), natural_(natural_shares(cells_)) {
  core::ProblemList problems;
  for (std::size_t i = 0; i < params.recipes.size(); ++i) {
    const RecipeParams& one = params.recipes[i];
    const std::string path = "sampling.recipes[" + std::to_string(i) + "]";
    recipes_.push_back({one, path, gap_to_reach(one.until, path + ".until", origin)});
    // What is wrong shows before any training.
    problems.collect([&] {
      if (one.recipe == "balance") balanced_shares(cells_, one, path, origin);
      if (one.recipe == "weigh") weighing_factors(cells_, one, path, origin);
      if (recipe_entry(one.recipe).decides == Decides::made) add_making(recipes_.back(), dataset, rows);
      if (one.recipe == "soft_labels") take_annotations(recipes_.back(), dataset, rows);
    });
    if (one.recipe == "fair_mixup") path_ = {one, 0};
    if (one.recipe == "hard")
      focus_ = {one.amount > 0 ? one.amount : recipe_entry(one.recipe).number, Shares(cells_.cells.size())};
    const std::string aim = aim_of(one);
    log_.recipes.push_back(
        {one.recipe, one.file, sentence_of(one) + (aim.empty() ? "" : "; for rows" + aim), one.rationale, one.version});
  }
  for (std::size_t c = 0; c < cells_.cells.size(); ++c) log_.cells.push_back({cells_.name(c), cells_.cells[c].rows});
  problems.collect([&] { check_made_shares(); });
  problems.throw_if_any();
  warn_of_extremes();
  shares_ = natural_;
  begin_epoch({});
}

void Sampler::add_making(const Recipe& recipe, const data::Dataset& dataset, const std::vector<std::int64_t>& rows) {
  const RecipeParams& params = recipe.params;
  Making making{params, params.amount > 0 ? params.amount : recipe_entry(params.recipe).number, {}, {}, {}};
  making.shares = made_shares(cells_, params);
  for (const double share : making.shares) making.could_be_of.push_back(share > 0);
  const std::vector<bool> aimed = cells_.matching(params.where), can_be_made = cells_to_make(cells_, params);
  std::vector<std::string> without;
  for (std::size_t c = 0; c < aimed.size(); ++c)
    if (aimed[c] && !can_be_made[c]) without.push_back(cells_.name(c));
  const bool mixes = params.recipe == "mixup";
  if (std::ranges::find(making.could_be_of, true) == making.could_be_of.end())
    throw core::UserError(
        core::Fault::config,
        recipe.path + ": " + params.recipe +
            (mixes ? " finds no partner for " : " makes rows from two of a cell, and there are fewer of ") +
            core::listed(without),
        origin_.of(recipe.path));
  for (const std::string& name : without)
    warnings_.push_back(params.recipe + " makes no rows of " + name +
                        (mixes ? ", for which there is no partner among the training rows."
                               : ", of which there are fewer than two training rows."));
  const auto is_number = [](const data::Feature& feature) {
    return feature.kind == data::FeatureKind::ramp || data::is_standardized(feature);
  };
  if (params.recipe == "jitter" && !dataset.encoded.features.empty() &&
      std::ranges::none_of(dataset.encoded.features, is_number))
    throw core::UserError(core::Fault::config, recipe.path + ": jitter moves numbers, and the model sees none",
                          origin_.of(recipe.path));
  if (params.recipe == "counterfactual") {
    making.swaps = swap_columns(params, dataset, rows, recipe.path, origin_);
    if (changed_rows(making.swaps, cells_, making.shares) == 0)
      warnings_.push_back("counterfactual makes no row: none" +
                          (params.where.empty() ? " of the training rows" : aim_of(params)) +
                          " has a level that it exchanges.");
  }
  makings_.push_back(std::move(making));
}

void Sampler::take_annotations(const Recipe& recipe, const data::Dataset& dataset,
                               const std::vector<std::int64_t>& rows) {
  const std::size_t annotators = dataset.annotators.size();
  if (annotators == 0)
    throw core::UserError(core::Fault::config,
                          recipe.path +
                              ": soft_labels learns from what single annotators said, and data.label.annotators names "
                              "no columns of theirs",
                          origin_.of(recipe.path));
  label_choices_ = {static_cast<std::int64_t>(annotators), {}, {}};
  std::int64_t without = 0, disagreeing = 0;
  for (const std::int64_t row : rows) {
    const auto place = static_cast<std::size_t>(row);
    std::vector<std::uint8_t> said;
    for (std::size_t a = 0; a < annotators; ++a)
      if (const std::uint8_t answer = dataset.annotations[place * annotators + a]; answer != data::kNoAnnotation)
        said.push_back(answer);
    without += said.empty();
    if (said.empty()) said.push_back(dataset.labels[place]);
    disagreeing += std::ranges::count(said, said.front()) < static_cast<std::int64_t>(said.size());
    label_choices_->counts.push_back(static_cast<std::int64_t>(said.size()));
    said.resize(annotators);
    label_choices_->answers.insert(label_choices_->answers.end(), said.begin(), said.end());
  }
  relabelled_ = "annotators disagree about " + std::to_string(disagreeing) + " rows";
  if (without > 0)
    warnings_.push_back("soft_labels: nobody annotated " + std::to_string(without) + " of " +
                        std::to_string(rows.size()) + " training rows; they keep their label.");
}

void Sampler::check_made_shares() const {
  core::ProblemList problems;
  for (std::size_t c = 0; c < cells_.cells.size(); ++c) {
    double sum = 0;
    for (const Making& one : makings_) sum += one.shares[c];
    if (sum <= 1 + 1e-9) continue;
    char text[32];
    std::snprintf(text, sizeof text, "%.10g", sum);
    problems.collect([&] {
      throw core::UserError(
          core::Fault::config,
          "sampling.recipes: of " + cells_.name(c) + " more than all rows would be made up (" + text + " of them)",
          origin_.of("sampling.recipes"));
    });
  }
  problems.throw_if_any();
}

bool Sampler::draws_cells() const {
  return focus_ || std::ranges::any_of(recipes_, [](const Recipe& one) {
           return recipe_entry(one.params.recipe).decides == Decides::shares;
         });
}

bool Sampler::favours_hard_rows() const {
  return focus_ && std::ranges::any_of(focus_->shares, [](double share) { return share > 0; });
}

bool Sampler::ranks_rows() const {
  return std::ranges::any_of(recipes_, [](const Recipe& one) { return one.params.recipe == "massage"; });
}

void Sampler::rank(const std::vector<double>& scores) {
  for (const Recipe& one : recipes_) {
    if (one.params.recipe != "massage") continue;
    const Massage changed = massage(cells_, one.params, scores);
    const std::size_t rows = changed.is_changed.size();
    label_choices_ = {1, {}, std::vector<std::int64_t>(rows, 1)};
    for (std::size_t row = 0; row < rows; ++row) {
      const std::int32_t own = cells_.cells[static_cast<std::size_t>(cells_.of_row[row])].answer;
      label_choices_->answers.push_back(static_cast<std::uint8_t>(changed.is_changed[row] ? 1 - own : own));
    }
    const auto count = std::ranges::count(changed.is_changed, true);
    std::string text =
        "massage changes the labels of " + std::to_string(count) + " of " + std::to_string(rows) + " training rows";
    for (std::size_t i = 0; i < changed.sentences.size(); ++i) text += (i == 0 ? ": " : "; ") + changed.sentences[i];
    warnings_.push_back(
        text +
        ". The network learns answers that these people did not give or get. All that is measured keeps "
        "the labels of the data. Who is changed hangs on all training rows, across folds.");
    relabelled_ = std::to_string(count) + " labels changed";
    begin_epoch({});
  }
}

bool Sampler::waits_for_gap() const {
  return std::ranges::any_of(recipes_, [](const Recipe& one) { return one.gap_to_reach.has_value(); });
}

// What rests on few rows, or on rows that count for very many.
void Sampler::warn_of_extremes() {
  constexpr double kMost = 10;
  for (const Recipe& one : recipes_) {
    const bool draws = one.params.recipe == "balance";
    if (!draws && recipe_entry(one.params.recipe).decides != Decides::weights) continue;
    const std::vector<double> shares =
        draws ? balanced_shares(cells_, one.params, one.path, origin_) : factors_of(one.params, one.path);
    if (draws && cells_.cells.size() > 1 && is_same(shares, natural_))
      warnings_.push_back("balance" + aim_of(one.params) +
                          " draws every cell as often as it comes: it changes nothing.");
    std::vector<Extreme> extremes;
    for (std::size_t c = 0; c < shares.size(); ++c) {
      if (cells_.cells[c].rows == 0) continue;
      const double times = draws ? shares[c] / natural_[c] : shares[c];
      if (times > kMost || times < 1 / kMost) extremes.push_back({c, times});
    }
    if (!extremes.empty())
      warnings_.push_back(one.params.recipe + (draws ? " draws" : " counts") + extremes_text(cells_, extremes));
  }
  // Within a cell too, hard favours rows.
  const bool favours = std::ranges::any_of(recipes_, [](const Recipe& one) {
    const Decides decides = recipe_entry(one.params.recipe).decides;
    return decides == Decides::shares || decides == Decides::weights;
  });
  if (favours && cells_.cells.size() == 1)
    warnings_.push_back("All training rows are in one cell of the recipes (" + cells_.name(0) +
                        "): there is nothing to favour.");
}

std::vector<double> Sampler::factors_of(const RecipeParams& params, const std::string& path) const {
  return params.recipe == "weigh" ? weighing_factors(cells_, params, path, origin_)
                                  : reweighing_factors(cells_, params);
}

bool Sampler::is_followed(const Recipe& recipe) const {
  return !recipe.is_over && epoch_ >= recipe.params.from_epoch;
}

void Sampler::begin_epoch(const Measured& measured) {
  why_.clear();
  weights_.assign(cells_.cells.size(), 1);
  std::size_t making = 0;
  for (const Recipe& one : recipes_) {
    const RecipeParams& params = one.params;
    const RecipeEntry& entry = recipe_entry(params.recipe);
    std::string why = params.recipe;
    const bool makes = entry.decides == Decides::made;
    if (makes) {
      std::vector<double>& shares = makings_[making++].shares;
      shares = made_shares(cells_, params);
      if (!is_followed(one)) std::ranges::fill(shares, 0.0);
    }
    if (!is_followed(one)) {
      why += one.is_over ? ": over, the gap is below " + rounded(*one.gap_to_reach)
                         : ": from epoch " + std::to_string(params.from_epoch + 1) + " on";
      if (entry.decides == Decides::shares) shares_ = natural_;
      if (entry.decides == Decides::focus) std::ranges::fill(focus_->shares, 0.0);
      if (entry.decides == Decides::penalty) path_->weight = 0;
    } else if (makes) {
      why += " for " + rounded(params.share) +
             (params.where.empty() ? std::string(" of the rows that it is about") : " of the rows" + aim_of(params));
    } else if (entry.decides == Decides::penalty) {
      path_->weight = params.penalty > 0 ? params.penalty : entry.number;
      why += " with a penalty of " + rounded(path_->weight);
    } else if (entry.decides == Decides::labels) {
      why += ": " + (relabelled_.empty() ? "no labels changed yet" : relabelled_);
    } else if (params.recipe == "hard") {
      const std::vector<bool> aimed = cells_.matching(params.where);
      if (measured.losses.empty()) why += ": nothing is measured yet";
      for (std::size_t c = 0; c < aimed.size(); ++c)
        focus_->shares[c] = aimed[c] && !measured.losses.empty() ? params.share : 0;
    } else if (params.recipe == "balance") {
      shares_ = balanced_shares(cells_, params, one.path, origin_);
    } else if (entry.decides == Decides::weights) {
      weights_ = factors_of(params, one.path);
    } else if (measured.losses.empty()) {
      why += ": nothing is measured yet";
    } else {
      shares_ = params.recipe == "fairbatch"
                    ? fairbatch_update(shares_, cells_, measured, params, step_of(params))
                    : group_dro_update(shares_, cells_, measured.losses, params, step_of(params));
    }
    why_ += (why_.empty() ? "" : "; ") + why;
  }
}

Sampler::Progress Sampler::progress() const {
  Progress progress{epoch_, shares_, weights_, {}, {}, 0, {}, why_, log_.epochs};
  for (const Making& one : makings_) progress.made.push_back(one.shares);
  if (focus_) progress.hard = focus_->shares;
  if (path_) progress.penalty = path_->weight;
  for (const Recipe& one : recipes_) progress.is_over.push_back(one.is_over);
  return progress;
}

void Sampler::go_on_from(const Progress& progress) {
  const Progress own = this->progress();
  const auto sizes = [](const Progress& p) {
    std::vector<std::size_t> all = {p.shares.size(), p.weights.size(), p.made.size(), p.hard.size(), p.is_over.size()};
    for (const Shares& shares : p.made) all.push_back(shares.size());
    return all;
  };
  if (sizes(own) != sizes(progress)) throw std::logic_error("sampling: the progress of other recipes");
  epoch_ = progress.epoch;
  shares_ = progress.shares;
  weights_ = progress.weights;
  for (std::size_t i = 0; i < makings_.size(); ++i) makings_[i].shares = progress.made[i];
  if (focus_) focus_->shares = progress.hard;
  if (path_) path_->weight = progress.penalty;
  for (std::size_t i = 0; i < recipes_.size(); ++i) recipes_[i].is_over = progress.is_over[i];
  why_ = progress.why;
  log_.epochs = progress.epochs;
}

void Sampler::end_epoch(const std::vector<std::int64_t>& drawn, const std::vector<std::int64_t>& made,
                        const Measured& measured, std::optional<double> gap) {
  if (drawn.size() != cells_.cells.size() || made.size() != drawn.size() ||
      measured.losses.size() != cells_.cells.size())
    throw std::logic_error("sampling: an epoch of other cells");
  ++epoch_;
  log_.epochs.push_back({epoch_, drawn, made, weights_, why_});
  for (Recipe& one : recipes_)
    if (one.gap_to_reach && gap && *gap < *one.gap_to_reach && epoch_ > one.params.from_epoch) one.is_over = true;
  begin_epoch(measured);
}

}  // namespace equipoise::sampling
