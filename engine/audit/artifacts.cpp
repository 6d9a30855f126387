#include "engine/audit/artifacts.h"

#include <algorithm>

#include "engine/audit/cell_artifacts.h"
#include "engine/audit/holm.h"
#include "engine/core/seed.h"

namespace equipoise::audit {
namespace {

// Rows of a sample by cell.
std::vector<std::vector<std::int64_t>> by_cell(const MadeSample& made, std::size_t cells) {
  std::vector<std::vector<std::int64_t>> rows(cells);
  for (std::size_t row = 0; row < made.cells.size(); ++row)
    rows[static_cast<std::size_t>(made.cells[row])].push_back(static_cast<std::int64_t>(row));
  return rows;
}

void correct_for_number(std::vector<RecipeArtifacts>& recipes) {
  std::vector<ArtifactFigure*> figures;
  std::vector<double> p_values;
  for (RecipeArtifacts& recipe : recipes)
    for (CellArtifacts& cell : recipe.cells)
      for (ArtifactFigure& figure : cell.figures) {
        if (figure.kind != ArtifactKind::two_sample || !figure.p_value) continue;
        figures.push_back(&figure);
        p_values.push_back(*figure.p_value);
      }
  p_values = holm(p_values);
  for (std::size_t i = 0; i < figures.size(); ++i) figures[i]->p_value = p_values[i];
}

}  // namespace

ArtifactAudit audit_artifacts(const RealRows& real, const std::vector<MadeSample>& made,
                              const sampling::ArtifactParams& params, double confidence, std::uint64_t seed) {
  std::vector<bool> wanted(real.cells.size());
  for (const MadeSample& sample : made) {
    check(real, sample);
    for (const std::int32_t cell : sample.cells) wanted[static_cast<std::size_t>(cell)] = true;
  }
  ArtifactAudit audit{confidence, {}};
  if (made.empty()) return audit;
  const sampling::PointSpace space(*real.encoded, real.training);
  const KnownValues known(space, *real.encoded, real.training);
  std::vector<Neighborhood> neighborhoods;
  RealSide side{real, space, known,
                look_at_cells(real, space, known, params, wanted, core::seed_for(seed, "real"), neighborhoods),
                std::vector<std::int32_t>(static_cast<std::size_t>(real.encoded->rows), -1)};
  for (std::size_t i = 0; i < real.training.size(); ++i)
    side.labels_of_rows[static_cast<std::size_t>(real.training[i])] =
        real.cells[static_cast<std::size_t>(real.training_cells[i])].label;
  for (std::size_t r = 0; r < made.size(); ++r) {
    RecipeArtifacts& recipe = audit.recipes.emplace_back(RecipeArtifacts{made[r].recipe, {}, {}});
    const std::vector<std::vector<std::int64_t>> rows = by_cell(made[r], real.cells.size());
    for (std::size_t c = 0; c < rows.size(); ++c)
      if (!rows[c].empty())
        recipe.cells.push_back(look_at_made(side, made[r], rows[c], static_cast<std::int32_t>(c), params, confidence,
                                            core::mix(core::mix(seed, r), c), recipe.findings));
  }
  correct_for_number(audit.recipes);
  for (RecipeArtifacts& recipe : audit.recipes)
    for (CellArtifacts& cell : recipe.cells) judge(cell, params);
  return audit;
}

}  // namespace equipoise::audit
