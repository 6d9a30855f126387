#include "engine/cli/made_rows_audit.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/core/seed.h"

namespace equipoise::cli {
namespace {

audit::RealRows real_rows_of(const data::Dataset& dataset, const training::Synthesis& synthesis) {
  const sampling::SampledCells& cells = synthesis.sampler().cells();
  audit::RealRows real = audit::real_rows(dataset.encoded, cells, synthesis.training_rows());
  const std::vector<std::int64_t> others = dataset.rows_of(data::Split::selection);
  const std::vector<std::int32_t> cells_of_others = sampling::cells_of_rows(cells, dataset, others);
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (cells_of_others[i] < 0) continue;
    real.held_out.push_back(others[i]);
    real.held_out_cells.push_back(cells_of_others[i]);
  }
  return real;
}

audit::MadeSample sample_of(training::MadeList list, const std::string& recipe) {
  return {recipe,
          std::move(list.codes),
          std::move(list.values),
          std::move(list.cells),
          std::move(list.parents),
          std::move(list.partners)};
}

bool any_makes(const sampling::SamplingParams& params, sampling::Makes makes) {
  return std::ranges::any_of(params.recipes, [&](const sampling::RecipeParams& one) {
    const sampling::RecipeEntry& entry = sampling::recipe_entry(one.recipe);
    return entry.decides == sampling::Decides::made && entry.makes == makes;
  });
}

// Whoever hears of a comparison, or of none, is not to think that it was about these too.
void say_what_is_left_out(const sampling::SamplingParams& params, core::Journal& journal) {
  if (any_makes(params, sampling::Makes::mixtures))
    journal.say("Mixed rows are not compared with real ones: each is part of two, and stands in no table.");
  if (any_makes(params, sampling::Makes::pictures))
    journal.say("Changed pictures are not compared with real ones: what is compared are the columns of a table.");
}

std::uint64_t audit_seed(const training::RunConfig& config) {
  return core::seed_for(static_cast<std::uint64_t>(config.seed), "made rows");
}

audit::ArtifactAudit compared(const training::RunConfig& config, const data::Dataset& dataset,
                              const training::Synthesis& synthesis, core::Journal& journal) {
  journal.say("Comparing a sample of made rows with real ones.");
  const std::uint64_t seed = audit_seed(config);
  const sampling::ArtifactParams& params = config.sampling.artifacts;
  std::vector<audit::MadeSample> samples;
  const std::vector<sampling::Sampler::Making>& makings = synthesis.sampler().makings();
  for (std::size_t i = 0; i < makings.size(); ++i)
    if (makings[i].makes() == sampling::Makes::rows)
      samples.push_back(sample_of(synthesis.of_recipe(i, params.rows, seed), makings[i].params.recipe));
  audit::ArtifactAudit audit =
      audit::audit_artifacts(real_rows_of(dataset, synthesis), samples, params, config.evaluation.confidence, seed);
  for (const std::string& warning : audit::artifact_warnings(audit)) journal.warn(warning);
  audit::stop_on_artifacts(audit, params);
  return audit;
}

}  // namespace

std::optional<audit::ArtifactAudit> audit_made_rows(const training::RunConfig& config, const data::Dataset& dataset,
                                                    const config::Origin& origin, core::Journal& journal) {
  say_what_is_left_out(config.sampling, journal);
  if (!any_makes(config.sampling, sampling::Makes::rows)) return std::nullopt;
  return compared(config, dataset, training::Synthesis(config.sampling, dataset, 1, audit_seed(config), origin),
                  journal);
}

std::optional<audit::ArtifactAudit> audit_made_rows(const training::RunConfig& config, const data::Dataset& dataset,
                                                    const training::Synthesis& synthesis, core::Journal& journal) {
  say_what_is_left_out(config.sampling, journal);
  if (!any_makes(config.sampling, sampling::Makes::rows)) return std::nullopt;
  return compared(config, dataset, synthesis, journal);
}

}  // namespace equipoise::cli
