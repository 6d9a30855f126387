#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "engine/cli/run_folder.h"
#include "engine/config/origin.h"
#include "engine/constraints/table.h"
#include "engine/data/prepare.h"
#include "engine/models/cell_rule.h"
#include "engine/models/learner.h"
#include "engine/models/mixture.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {

/// A run folder opened for reading. Everything throws UserError (data) for a file that is missing or broken.
struct SavedRun {
  std::filesystem::path path;
  RunMarker marker;
  training::RunConfig config;
  config::Origin origin;

  std::filesystem::path file(const char* name) const { return path / name; }
};

/// The folder, its marker and its config, which must be the one that the run was trained with. A folder that is no run names the nearest one beside it; that of a bank names
/// its members, that of a comparison its runs.
SavedRun open_run(const std::filesystem::path& path);
/// The same, of a run whose model may teach or start another: one that diverged has none, and is refused.
SavedRun open_trained_run(const std::filesystem::path& path);
/// Of a run that diverged what its model is; "" of any other.
std::string untrained_sentence(const SavedRun& run);
/// The same, where the folder of a bank or a comparison is welcome.
SavedRun open_run_or_bank(const std::filesystem::path& path);
bool is_bank(const SavedRun& run);
/// Whether the folder is that of a comparison, whose runs lie in it like a bank's.
bool is_comparison(const SavedRun& run);

data::EncoderPointer read_encoder(const SavedRun& run);
constraints::ConstraintTable read_constraint_table(const SavedRun& run);
struct SavedModel {
  std::unique_ptr<models::Learner> learner;
  models::Mixture mixture;  ///< how its members decide
  models::CellRule rule;    ///< where its outputs are posteriors of cells
};
/// The model with its weights, ready to score rows encoded as `layout` says.
SavedModel read_model(const SavedRun& run, const data::EncodedRows& layout, const at::Device& device);

/// The device on which a finished run is measured: the CPU when it was trained there by wish, else what there is.
at::Device device_of(const SavedRun& run, core::Journal& journal);

/// The run's own rows, read again from the files its config names. Throws UserError (data) when a file is not what was
/// trained on, or the rows do not fall into the same splits.
data::Dataset read_own_rows(const SavedRun& run, const data::Encoder& encoder, core::Journal& journal);
/// Of rows that were read from the run's files, by its config: throws UserError (data) where they are not those that it was trained with, split and
/// encoded as then.
void check_own_rows(const SavedRun& run, const data::Encoder& encoder, const data::Prepared& prepared);

/// Whether the rows of a data set fall into the same splits as those that the run was trained with.
bool has_same_splits(const SavedRun& run, const data::Dataset& dataset);

/// The paths of those `files` whose bytes the run was trained with: all of its own but what data.split.test_files names.
std::vector<std::string> files_trained_on(const SavedRun& run, const std::vector<data::Fingerprint>& files);

/// By which two encoders are the same.
std::string encoder_sha256(const data::Prepared& prepared);

/// data.json: what was read, and into which splits it fell.
nlohmann::ordered_json describe_data(const data::Dataset& dataset);

}  // namespace equipoise::cli
