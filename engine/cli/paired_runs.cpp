#include "engine/cli/paired_runs.h"

#include <algorithm>

#include "engine/cli/measuring.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"

namespace equipoise::cli {

struct PairedRuns::Rows {
  std::string key;  // data.json and encoder.json: what decides which rows are read, and how
  data::EncoderPointer encoder;
  data::Dataset dataset;
  constraints::ConstraintTable table;
  std::vector<std::int64_t> test_rows;
};

PairedRuns::PairedRuns(const std::filesystem::path& reference, core::Journal& journal)
    : journal_(journal), constraints_(read_constraint_table(open_run(reference))) {
  figures_ = evaluation::compared_figures(constraints_);
}

PairedRuns::~PairedRuns() = default;

// Reading the files takes most of the time; runs of one seed share them.
const PairedRuns::Rows& PairedRuns::rows_of(const SavedRun& run) {
  constexpr std::size_t kMostKnown = 2;
  std::string key = core::read_file(run.file(run_files::kData)) + core::read_file(run.file(run_files::kEncoder));
  for (const auto& rows : known_)
    if (rows->key == key) return *rows;
  if (known_.size() >= kMostKnown) known_.erase(known_.begin());
  auto rows = std::make_unique<Rows>();
  rows->key = std::move(key);
  rows->encoder = read_encoder(run);
  rows->dataset = read_own_rows(run, *rows->encoder, journal_);
  rows->table = constraints::table_for(rows->dataset, constraints_);
  rows->test_rows = rows->dataset.rows_of(data::Split::test);
  if (rows->test_rows.empty()) throw core::UserError(core::Fault::data, "'" + run.path.string() + "' has no test rows");
  return *known_.emplace_back(std::move(rows));
}

sweep::PartedRun PairedRuns::measure(const std::filesystem::path& folder) {
  core::stop_if_interrupted();
  const SavedRun run = open_run(folder);
  const at::Device device = device_of(run, journal_);
  const Rows& rows = rows_of(run);
  const SavedModel model = read_model(run, data::layout_of(*rows.encoder), device);
  const MeasuredRows measured(rows.dataset, rows.table.cells.of_row, *model.learner, model.mixture, device, model.rule);
  return evaluation::measure_figures(figures_, measured.compared(rows.test_rows, run.config.training), rows.table,
                                     run.config.multipliers.min_rows, run.config.evaluation);
}

}  // namespace equipoise::cli
