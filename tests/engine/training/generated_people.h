#pragma once

#include <cstdint>

#include "engine/core/seed.h"
#include "engine/data/dataset.h"
#include "engine/training/run_config.h"

namespace equipoise::training {

/// Rows of two groups with different base rates: a standardised number x that follows the label and the group, and one
/// that is noise. Split 60/20/20, or with a holdout instead of the test rows.
inline data::Dataset generated_people(std::int64_t rows, bool with_holdout = false) {
  data::Dataset people;
  people.encoded.rows = rows;
  people.encoded.width = 4;
  people.encoded.features = {{"x", data::FeatureKind::pick, 0, 2, false, {"x", "x missing"}},
                             {"noise", data::FeatureKind::pick, 2, 2, false, {"noise", "noise missing"}}};
  data::Grouping sex{"sex", {"female", "male"}, {}};
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto draw = [&](const char* use) {
      return core::uniform(core::mix(core::seed_for(5, use), static_cast<std::uint64_t>(i)));
    };
    const bool is_male = draw("sex") < 0.6;
    const bool is_positive = draw("label") < (is_male ? 0.5 : 0.25);
    const double x = (is_positive ? 0.8 : -0.8) + (is_male ? 0.5 : -0.5) + 2.4 * (draw("x") - 0.5);
    people.encoded.codes.insert(people.encoded.codes.end(), {0, 0});
    people.encoded.values.insert(people.encoded.values.end(),
                                 {static_cast<float>(x), static_cast<float>(draw("noise") - 0.5)});
    people.labels.push_back(is_positive ? 1 : 0);
    sex.codes.push_back(is_male ? 1 : 0);
    const double place = draw("split");
    people.splits.push_back(place < 0.6    ? data::Split::train
                            : place < 0.8  ? data::Split::selection
                            : with_holdout ? data::Split::holdout
                                           : data::Split::test);
  }
  people.groupings.push_back(sex);
  return people;
}

/// One model, whose multipliers heed the bare violations of its training rows.
inline RunConfig small_config() {
  RunConfig config;
  config.name = "small";
  config.seed = 3;
  config.device = "cpu";
  config.model.kind = "mlp";
  config.model.hidden = {16};
  config.model.dropout = 0.1;
  config.training.epochs = 12;
  config.training.batch_size = 100;
  config.training.optimizer.learning_rate = 1e-2;
  config.multipliers.measures_per_epoch = 4;
  config.multipliers.measure_on = "train";
  config.multipliers.allowance = 0;
  config.multipliers.margin = 0;
  config.evaluation.resamples = 100;
  return config;
}

}  // namespace equipoise::training
