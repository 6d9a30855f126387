#include "engine/cli/training_inputs.h"

#include <utility>

#include "engine/cli/compiled_tables.h"
#include "engine/cli/measuring.h"
#include "engine/cli/ranks_check.h"
#include "engine/cli/starting_multipliers.h"
#include "engine/cli/starting_weights.h"
#include "engine/cli/teacher.h"
#include "engine/core/interrupt.h"

namespace equipoise::cli {
namespace {

// Verdicts are about people the model has not met.
void expect_test_rows(const training::RunConfig& config, const std::vector<evaluation::Verdict>& failing,
                      const data::Dataset& dataset, core::Journal& journal) {
  check_test_rows(failing, dataset);
  if (!dataset.rows_of(data::Split::test).empty() || config.constraints.empty()) return;
  journal.warn(
      "There are no test rows: nothing here shows how the constraints hold for people the model has not met. "
      "equipoise evaluate RUN --data FILE measures new rows.");
}

}  // namespace

data::Prepared prepare_to_train(const training::RunConfig& config, std::uint64_t seed, const config::Origin& origin,
                                core::Journal& journal) {
  const data::EncoderPointer earlier = starting_encoder(config, origin);
  data::Prepared prepared = data::prepare(config.data, seed, origin, journal, earlier.get());
  score_by_teacher(config, origin, prepared, journal);
  core::stop_if_interrupted();
  return prepared;
}

TrainingInputs read_training_inputs(const std::vector<training::RunConfig>& members,
                                    const std::vector<evaluation::Verdict>& failing, const distributed::Ranks& ranks,
                                    const config::Origin& origin, core::Journal& journal) {
  const training::RunConfig& first = members.front();
  data::Prepared prepared = prepare_to_train(first, static_cast<std::uint64_t>(first.seed), origin, journal);
  check_same_data(ranks, prepared);
  expect_test_rows(first, failing, prepared.dataset, journal);
  std::vector<constraints::ConstraintTable> tables = compile_tables(members, prepared.dataset, origin, journal);
  training::Start start = {starting_multipliers(first, tables.front(), origin, journal),
                           starting_weights(first, prepared.dataset, origin, journal)};
  core::stop_if_interrupted();
  return {std::move(prepared), std::move(tables), std::move(start)};
}

}  // namespace equipoise::cli
