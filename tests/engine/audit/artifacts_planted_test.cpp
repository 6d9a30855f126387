// What is planted among made rows is found, at 99 % of it at least.
#include <gtest/gtest.h>

#include <set>

#include "engine/audit/column_rows.h"
#include "tests/engine/audit/made_people.h"

namespace equipoise::audit {
namespace artifacts_planted_test {

constexpr int kEach = 1000;  // made rows of a cell

// Which rows something is planted in: about one in ten.
bool is_planted(std::size_t row) {
  return core::mix(77, row) % 10 == 0;
}

void put(MadeSample& made, std::size_t row, const EncodedRow& what, std::size_t features) {
  std::copy_n(what.codes, features, made.codes.begin() + static_cast<std::ptrdiff_t>(row * features));
  std::copy_n(what.values, features, made.values.begin() + static_cast<std::ptrdiff_t>(row * features));
}

// Copies of training rows of the cell that are not the made row's parent.
void plant_copies(const RealRows& real, MadeSample& made, Maker& maker) {
  for (std::size_t row = 0; row < made.cells.size(); ++row) {
    if (!is_planted(row)) continue;
    std::size_t at = 0;
    do at = static_cast<std::size_t>(maker.draw() * static_cast<double>(real.training.size()));
    while (real.training_cells[at] != made.cells[row]);
    put(made, row, row_of(*real.encoded, real.training[at]), real.encoded->features.size());
  }
}

// The same groups with the other label.
void plant_flips(MadeSample& made) {
  for (std::size_t row = 0; row < made.cells.size(); ++row)
    if (is_planted(row)) made.cells[row] ^= 1;
}

struct Rates {
  double found = 0, falsely = 0;
};

// Of planted rows, and of the others.
template <typename Is>
Rates rates(const RecipeArtifacts& recipe, const MadeSample& made, const Is& is) {
  std::set<std::int64_t> found;
  for (const MadeRowFinding& one : recipe.findings)
    if (is(one)) found.insert(one.row);
  double planted = 0, others = 0;
  Rates result;
  for (std::size_t row = 0; row < made.cells.size(); ++row) {
    const bool is_found = found.contains(static_cast<std::int64_t>(row));
    (is_planted(row) ? planted : others) += 1;
    (is_planted(row) ? result.found : result.falsely) += is_found;
  }
  return {result.found / planted, result.falsely / others};
}

TEST(PlantedArtifacts, CopiesAmongRowsOfAdultAreFound) {
  const RealRows real = people_of(adult());
  Maker maker(real, 5);
  MadeSample made = maker.jitter(kEach);
  plant_copies(real, made, maker);
  const ArtifactAudit found = audit_artifacts(real, {made}, {}, 0.95, 1);
  const Rates exact = rates(found.recipes[0], made, [](const MadeRowFinding& one) { return one.copy_of >= 0; });
  EXPECT_GE(exact.found, 0.99);
  EXPECT_EQ(exact.falsely, 0);  // jitter moves every number
  const Rates near = rates(found.recipes[0], made, [](const MadeRowFinding& one) { return one.near_copy_of >= 0; });
  EXPECT_GE(near.found, 0.99);
}

TEST(PlantedArtifacts, CopiesOfAnyKindOfRowMakeACellHarmful) {
  const data::Dataset dataset = plain_people(4000, 1);
  const RealRows real = people_of(dataset);
  Maker maker(real, 6);
  MadeSample made = maker.smote(kEach);
  const ArtifactAudit honest = audit_artifacts(real, {made}, {}, 0.95, 1);
  plant_copies(real, made, maker);
  const ArtifactAudit planted = audit_artifacts(real, {made}, {}, 0.95, 1);
  const Rates exact = rates(planted.recipes[0], made, [](const MadeRowFinding& one) { return one.copy_of >= 0; });
  EXPECT_GE(exact.found, 0.99);
  EXPECT_LE(exact.falsely, 0.001);
  ASSERT_EQ(planted.recipes[0].cells.size(), 4u);
  for (std::size_t c = 0; c < 4; ++c) {
    EXPECT_EQ(honest.recipes[0].cells[c].verdict, ArtifactVerdict::clean) << honest.recipes[0].cells[c].cell;
    EXPECT_EQ(planted.recipes[0].cells[c].verdict, ArtifactVerdict::harmful);
    EXPECT_EQ(figure(planted.recipes[0].cells[c], ArtifactKind::copies).verdict, ArtifactVerdict::harmful);
  }
}

TEST(PlantedArtifacts, FlipsOfAdultAreFoundByTheirParents) {
  const RealRows real = people_of(adult());
  Maker maker(real, 7);
  MadeSample made = maker.jitter(kEach);
  plant_flips(made);
  const ArtifactAudit found = audit_artifacts(real, {made}, {}, 0.95, 1);
  const Rates flips = rates(found.recipes[0], made, [](const MadeRowFinding& one) { return one.parent_disagrees; });
  EXPECT_GE(flips.found, 0.99);
  EXPECT_EQ(flips.falsely, 0);
  for (const CellArtifacts& cell : found.recipes[0].cells)
    EXPECT_EQ(figure(cell, ArtifactKind::parents).verdict, ArtifactVerdict::harmful) << cell.cell;
}

// Where parents are not told, neighbours say it, as far as inputs tell labels apart.
TEST(PlantedArtifacts, FlipsAreFoundByNeighboursAlone) {
  const data::Dataset dataset = plain_people(4000, 2);
  const RealRows real = people_of(dataset);
  Maker maker(real, 8);
  MadeSample made = maker.smote(kEach);
  plant_flips(made);
  std::fill(made.parents.begin(), made.parents.end(), -1);
  std::fill(made.partners.begin(), made.partners.end(), -1);
  const ArtifactAudit found = audit_artifacts(real, {made}, {}, 0.95, 1);
  const Rates flips = rates(found.recipes[0], made, [](const MadeRowFinding& one) { return one.neighbors_disagree; });
  EXPECT_GE(flips.found, 0.99);
  EXPECT_LE(flips.falsely, 0.005);
  for (const CellArtifacts& cell : found.recipes[0].cells) {
    EXPECT_EQ(figure(cell, ArtifactKind::labels).verdict, ArtifactVerdict::harmful) << cell.cell;
    EXPECT_EQ(figure(cell, ArtifactKind::parents).says, "parents are not known");
  }
}

// On Adult labels overlap: no single row can be told by its neighbours, but a cell with a third of flips can, each time.
TEST(PlantedArtifacts, CellsOfAdultWithFlipsAreToldByNeighboursAlone) {
  RealRows real = people_of(adult());
  real.training.resize(6000);  // people come in no order
  real.training_cells.resize(6000);
  int cells = 0, told = 0, told_honest = 0;
  for (std::uint64_t draw = 0; draw < 25; ++draw) {
    Maker maker(real, 100 + draw);
    MadeSample made = maker.jitter(500);
    std::fill(made.parents.begin(), made.parents.end(), -1);
    const MadeSample honest = made;
    for (std::size_t row = 0; row < made.cells.size(); ++row)
      if (core::mix(draw, row) % 3 == 0) made.cells[row] ^= 1;
    sampling::ArtifactParams params;
    params.rows = 500;
    const ArtifactAudit found = audit_artifacts(real, {made, honest}, params, 0.95, draw);
    for (std::size_t c = 0; c < 4; ++c) {
      ++cells;
      told += figure(found.recipes[0].cells[c], ArtifactKind::labels).verdict >= ArtifactVerdict::look;
      told_honest += figure(found.recipes[1].cells[c], ArtifactKind::labels).verdict >= ArtifactVerdict::look;
    }
  }
  EXPECT_GE(told, 99) << "of " << cells;
  EXPECT_EQ(told_honest, 0);
}

}  // namespace artifacts_planted_test
}  // namespace equipoise::audit
