#include "engine/cli/synthesis_warnings.h"

#include <fmt/format.h>

#include <vector>

#include "engine/core/nearest_name.h"

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

}  // namespace equipoise::cli
