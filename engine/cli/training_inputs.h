#pragma once

#include <cstdint>
#include <vector>

#include "engine/config/origin.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/data/prepare.h"
#include "engine/distributed/ranks.h"
#include "engine/evaluation/evaluation.h"
#include "engine/training/run_config.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {

/// A config's rows, split by `seed`: encoded as by the run that training.warm_start names, and scored by the one that data.teacher names, where it
/// names any. Throws UserError as data::prepare, starting_encoder and score_by_teacher.
data::Prepared prepare_to_train(const training::RunConfig& config, std::uint64_t seed, const config::Origin& origin,
                                core::Journal& journal);

/// What training takes, read by every rank for itself.
struct TrainingInputs {
  data::Prepared prepared;
  std::vector<constraints::ConstraintTable> tables;  ///< [members]
  training::Start start;
};

/// Of the members of a bank, which share their data. Throws UserError (config) besides where ranks have read different rows, and where verdicts
/// are to fail the run (`failing`) and there are no test rows; without them alone, and with constraints, warns.
TrainingInputs read_training_inputs(const std::vector<training::RunConfig>& members,
                                    const std::vector<evaluation::Verdict>& failing, const distributed::Ranks& ranks,
                                    const config::Origin& origin, core::Journal& journal);

}  // namespace equipoise::cli
