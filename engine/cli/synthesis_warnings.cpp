#include "engine/cli/synthesis_warnings.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/core/nearest_name.h"
#include "engine/data/decode.h"
#include "engine/data/encoder.h"
#include "engine/data/number_bins.h"

namespace equipoise::cli {
namespace {

// Why no written row shows what a recipe does; nothing where rows do. Mixed rows are counted, and told of, once they were made.
std::optional<std::string> why_left_out(const sampling::RecipeParams& params) {
  const sampling::RecipeEntry& entry = sampling::recipe_entry(params.recipe);
  switch (entry.decides) {
    case sampling::Decides::made:
      return std::nullopt;
    case sampling::Decides::shares:
      if (entry.follows_losses) return "nothing is measured that it could follow";
      if (params.from_epoch > 0) return "it begins after the first epoch";
      return std::nullopt;
    case sampling::Decides::focus:
      return "no losses are measured that tell which rows are hard";
    case sampling::Decides::weights:
      return "rows count in a loss, and a file has none";
    case sampling::Decides::labels:
      return "labels are written as the data have them";
    case sampling::Decides::penalty:
      return "it adds to a loss, and a file has none";
  }
  return std::nullopt;
}

std::string percent(double share) {
  return fmt::format("{:.3g} %", 100 * share);
}

// What a recipe can make of the rows that are drawn.
std::string reach_of(const sampling::Sampler::Making& making, const sampling::Sampler& sampler) {
  double drawn = 0;
  std::int64_t rows = 0;
  // By cell only rows with weight are drawn; else all, of which nothing is made from those without.
  const auto all = static_cast<double>(sampler.cells().of_row.size());
  for (std::size_t cell = 0; cell < making.could_be_of.size(); ++cell) {
    if (!making.could_be_of[cell]) continue;
    drawn +=
        sampler.draws_cells() ? sampler.shares()[cell] : static_cast<double>(sampler.cells().cells[cell].rows) / all;
    rows += sampler.cells().cells[cell].rows;
  }
  const bool may_leave_rows = making.params.recipe == "counterfactual";
  return fmt::format(
      " {} makes {} of the rows that it is about{}, and these are {} of the drawn ones ({} training {}).",
      making.params.recipe, percent(making.params.share),
      may_leave_rows ? ", but none of a row that it would leave as it is" : "", percent(drawn), rows,
      rows == 1 ? "row" : "rows");
}

// Which of a group's levels a value is of.
std::string level_of(const data::GroupRule& group, const data::LevelIndex& levels, const data::DecodedValue& value) {
  if (!value.number && !value.text) return data::kMissingLevel;
  if (!group.bins.empty())
    return data::bin_names(group.bins)[static_cast<std::size_t>(
        std::ranges::upper_bound(group.bins, value.number.value()) - group.bins.begin())];
  const std::string text = value.number ? data::number_text(*value.number) : *value.text;
  const std::int32_t level = levels.find(text);
  return level < 0 ? text : group.levels[static_cast<std::size_t>(level)];
}

std::int64_t rows_in_other_groups(const data::GroupRule& group, std::size_t feature, const training::MadeList& list,
                                  const sampling::Sampler& sampler, const data::Prepared& prepared) {
  const std::vector<data::FeatureRule>& features = prepared.encoder->features;
  const data::Grouping& grouping = prepared.dataset.grouping(group.name);
  const data::LevelIndex levels(group.levels);
  std::int64_t others = 0;
  for (std::size_t row = 0; row < static_cast<std::size_t>(list.rows()); ++row) {
    const auto& swaps = sampler.makings()[static_cast<std::size_t>(list.recipes[row])].swaps;
    const std::int32_t own = grouping.codes[static_cast<std::size_t>(list.parents[row])];
    const auto is_exchanged = [&](const sampling::SwapColumn& swap) {
      return swap.name == group.column || swap.name == group.name;
    };
    if (own < 0 || std::ranges::any_of(swaps, is_exchanged)) continue;
    const std::size_t at = row * features.size() + feature;
    const std::string level = level_of(group, levels, data::decode(features[feature], list.codes[at], list.values[at]));
    others += level != grouping.levels[static_cast<std::size_t>(own)];
  }
  return others;
}

}  // namespace

std::optional<std::string> recipes_left_out(const sampling::SamplingParams& params) {
  std::vector<std::string> left_out;
  for (const sampling::RecipeParams& one : params.recipes)
    if (const std::optional<std::string> why = why_left_out(one))
      left_out.push_back(fmt::format("{} ({})", one.recipe, *why));
  if (left_out.empty()) return std::nullopt;
  return fmt::format("Nothing is trained, so rows are made without {}.", core::listed(left_out));
}

std::optional<std::string> few_made_rows(const training::MadeList& list, const sampling::Sampler& sampler,
                                         std::int64_t drawn) {
  // That recipes make a part of what is drawn is as it should be; with less than this, another number may have been meant.
  constexpr double kFew = 0.1;
  if (static_cast<double>(list.rows()) >= kFew * static_cast<double>(drawn)) return std::nullopt;
  std::string sentence = fmt::format("--rows {} is how many rows batches draw, and {} of them {} made up.", drawn,
                                     list.rows(), list.rows() == 1 ? "was" : "were");
  for (const sampling::Sampler::Making& making : sampler.makings())
    if (making.makes() == sampling::Makes::rows) sentence += reach_of(making, sampler);
  return sentence;
}

std::vector<std::string> in_other_groups(const training::MadeList& list, const sampling::Sampler& sampler,
                                         const data::Prepared& prepared) {
  std::vector<std::string> sentences;
  const std::vector<data::FeatureRule>& features = prepared.encoder->features;
  for (const data::GroupRule& group : prepared.encoder->groups) {
    const auto feature = std::ranges::find(features, group.column, &data::FeatureRule::column);
    if (!group.cross.empty() || feature == features.end()) continue;
    if (!group.bins.empty() && !data::is_number(*feature)) continue;
    const auto index = static_cast<std::size_t>(feature - features.begin());
    const std::int64_t others = rows_in_other_groups(group, index, list, sampler, prepared);
    if (others > 0)
      sentences.push_back(fmt::format(
          "In {} of {} made rows {} is of another {} than in the row they were made of. A training counts them as "
          "their parents (column cell); read as data they are of the other{}.",
          others, list.rows(), group.column, group.name == group.column ? "group" : group.name,
          group.bins.empty() ? "" : " bin"));
  }
  return sentences;
}

}  // namespace equipoise::cli
