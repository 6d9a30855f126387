#pragma once

#include <string>
#include <vector>

#include "engine/data/dataset.h"

namespace equipoise::constraints {

/// `rows` equal rows of a hand-made data set with the groupings "sex" and "race".
struct RowBlock {
  std::string sex, race;
  int label = 0;
  data::Split split = data::Split::train;
  int rows = 0;
  float weight = 1;
  int stored_decision = -1;  ///< of all blocks or of none
};

inline data::Grouping handmade_grouping(const std::string& name, const std::vector<std::string>& levels,
                                        const std::vector<std::string>& of_row) {
  data::Grouping grouping{name, levels, {}};
  for (const std::string& level : of_row)
    for (std::size_t i = 0; i < levels.size(); ++i)
      if (levels[i] == level) grouping.codes.push_back(static_cast<std::int32_t>(i));
  return grouping;
}

inline data::Dataset handmade_dataset(const std::vector<RowBlock>& blocks,
                                      const std::vector<std::string>& sexes = {"Female", "Male"},
                                      const std::vector<std::string>& races = {"Black", "Other", "White"}) {
  data::Dataset dataset;
  std::vector<std::string> sex_of_row, race_of_row, both_of_row, crossed;
  for (const std::string& sex : sexes)
    for (const std::string& race : races) crossed.push_back(sex + "*" + race);
  for (const RowBlock& block : blocks) {
    for (int i = 0; i < block.rows; ++i) {
      sex_of_row.push_back(block.sex);
      race_of_row.push_back(block.race);
      both_of_row.push_back(block.sex + "*" + block.race);
      dataset.labels.push_back(static_cast<std::uint8_t>(block.label));
      dataset.splits.push_back(block.split);
      dataset.weights.push_back(block.weight);
      if (block.stored_decision < 0) continue;
      if (!dataset.stored_decisions) dataset.stored_decisions = data::Grouping{data::kStoredDecision, {"0", "1"}, {}};
      dataset.stored_decisions->codes.push_back(block.stored_decision);
    }
  }
  dataset.encoded.rows = static_cast<std::int64_t>(dataset.labels.size());
  dataset.groupings = {handmade_grouping("sex", sexes, sex_of_row), handmade_grouping("race", races, race_of_row),
                       handmade_grouping("sex*race", crossed, both_of_row)};
  return dataset;
}

/// Two sexes, one race; `rows` of each sex and label in the training and the test split.
inline data::Dataset two_sexes(int rows = 50) {
  std::vector<RowBlock> blocks;
  for (const data::Split split : {data::Split::train, data::Split::test})
    for (const char* sex : {"Female", "Male"})
      for (const int label : {0, 1}) blocks.push_back({sex, "White", label, split, rows});
  return handmade_dataset(blocks);
}

/// Two sexes, one race; `rows` of each sex, label and stored decision in the training and the test split.
inline data::Dataset two_sexes_decided_before(int rows = 50) {
  std::vector<RowBlock> blocks;
  for (const data::Split split : {data::Split::train, data::Split::test})
    for (const char* sex : {"Female", "Male"})
      for (const int label : {0, 1})
        for (const int before : {0, 1}) blocks.push_back({sex, "White", label, split, rows, 1, before});
  return handmade_dataset(blocks);
}

/// Sums of its cells by sex, stored decision and label: of 33 women that were rejected 5 are selected now, of 27 that were
/// selected 10 are rejected; of 35 and 40 men 5 and 20.
inline const std::vector<double> kSumsDecidedBefore = {
    25, 5,  5,  3,   // Female, rejected, negative: weight, loss, soft, hard
    8,  1,  4,  2,   // Female, rejected, positive
    15, 3,  4,  7,   // Female, selected, negative
    12, 3,  7,  10,  // Female, selected, positive
    30, 10, 3,  1,   // Male, rejected, negative
    5,  4,  3,  4,   // Male, rejected, positive
    20, 5,  2,  4,   // Male, selected, negative
    20, 6,  15, 16,  // Male, selected, positive
};

}  // namespace equipoise::constraints
