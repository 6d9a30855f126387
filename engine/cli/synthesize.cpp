#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/cli/columns_file.h"
#include "engine/cli/command.h"
#include "engine/cli/made_columns.h"
#include "engine/cli/made_rows_audit.h"
#include "engine/cli/output_file.h"
#include "engine/cli/starting_weights.h"
#include "engine/cli/synthesis_warnings.h"
#include "engine/config/load.h"
#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/core/nearest_name.h"
#include "engine/data/prepare.h"
#include "engine/training/run_config.h"
#include "engine/training/synthesis.h"

namespace equipoise::cli {
namespace {

class Synthesize final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {
        {"CONFIG", "The YAML file whose recipes make rows", &config_file_, "", true},
        {"key=value", "Overrides of the config, as train takes them", &overrides_},
        {"--output",
         "Where to write the made rows: a .csv or a .parquet file; its parent column counts rows of the data from 1",
         &output_, "", true},
        {"--rows", "How many rows batches draw; recipes make up a share of these", &rows_,
         "as many as there are training rows"}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (config_file_.empty() || output_.empty())
      throw core::UserError(core::Fault::config,
                            fmt::format("synthesize needs {}: equipoise synthesize CONFIG --output FILE",
                                        config_file_.empty() ? "a config" : "--output"));
    check_columns_name(output_, "--output");
    const std::int64_t asked = rows_asked();
    training::RunConfig config;
    config::Origin origin;
    config::load(config_file_, overrides_, config, origin);
    std::vector<std::string> inputs = data::files_read(config.data);
    inputs.push_back(config_file_);
    check_output(output_, inputs);
    const std::size_t settings = training::members_of(config, origin).size();
    training::check(config, settings, origin);
    check_makes_rows(config, origin);
    const auto seed = static_cast<std::uint64_t>(config.seed);
    const data::EncoderPointer earlier = starting_encoder(config, origin);
    const data::Prepared prepared = data::prepare(config.data, seed, origin, journal, earlier.get());
    core::stop_if_interrupted();
    const auto training_rows = static_cast<std::int64_t>(prepared.dataset.rows_of(data::Split::train).size());
    if (std::ranges::find(config.sampling.recipes, "smote", &sampling::RecipeParams::recipe) !=
        config.sampling.recipes.end())
      journal.say("Finding the nearest rows of each cell for SMOTE; the time grows with the square of its rows.");
    training::Synthesis synthesis(config.sampling, prepared.dataset,
                                  std::min(training::batch_of(config, training_rows), training_rows), seed, origin);
    core::stop_if_interrupted();
    // Where it says stop nothing has been written yet.
    audit_made_rows(config, prepared.dataset, synthesis, journal);
    core::stop_if_interrupted();
    for (const std::string& warning : synthesis.sampler().warnings()) journal.warn(warning);
    if (const auto left_out = recipes_left_out(config.sampling)) journal.warn(*left_out);
    const std::int64_t drawn = asked > 0 ? asked : training_rows;
    const training::MadeList list = synthesis.of_batches(drawn);
    warn_of_what_is_missing(list, synthesis.sampler(), asked, journal);
    for (const std::string& sentence : in_other_groups(list, synthesis.sampler(), prepared)) journal.warn(sentence);
    write_columns(output_, made_columns(list, synthesis.sampler(), prepared));
    journal.end_line();
    say(list, synthesis.sampler(), drawn, console, journal);
    return 0;
  }

 private:
  std::int64_t rows_asked() const {
    if (rows_.empty()) return 0;
    const bool digits = std::ranges::all_of(rows_, [](char letter) { return letter >= '0' && letter <= '9'; });
    constexpr std::size_t kMostDigits = 12;
    if (digits && rows_.size() <= kMostDigits && std::stoll(rows_) > 0) return std::stoll(rows_);
    throw core::UserError(core::Fault::config, fmt::format("--rows is '{}'; it must be a whole number above 0", rows_));
  }

  static void check_makes_rows(const training::RunConfig& config, const config::Origin& origin) {
    std::vector<std::string> making;
    for (const sampling::RecipeEntry& entry : sampling::recipe_entries())
      if (entry.makes == sampling::Makes::rows) making.emplace_back(entry.name);
    if (std::ranges::any_of(config.sampling.recipes, [&](const sampling::RecipeParams& one) {
          return std::ranges::find(making, one.recipe) != making.end();
        }))
      return;
    throw core::UserError(core::Fault::config,
                          "sampling.recipes: none of them makes rows; those that do are " + core::listed(making),
                          origin.of("sampling.recipes"));
  }

  // `asked`: 0 where nobody said how many rows to draw.
  static void warn_of_what_is_missing(const training::MadeList& list, const sampling::Sampler& sampler,
                                      std::int64_t asked, TerminalJournal& journal) {
    if (list.mixed > 0)
      journal.warn(fmt::format(
          "{} rows were mixed: a mixed row is part of two, and stands in no table; they are left out.", list.mixed));
    if (asked == 0) return;
    if (const auto few = few_made_rows(list, sampler, asked)) journal.warn(*few);
  }

  void say(const training::MadeList& list, const sampling::Sampler& sampler, std::int64_t drawn, const Console& console,
           const TerminalJournal& journal) const {
    std::map<std::string, std::int64_t> of_recipe;
    for (const std::int32_t recipe : list.recipes)
      ++of_recipe[sampler.makings()[static_cast<std::size_t>(recipe)].params.recipe];
    std::string counts;
    for (const auto& [name, rows] : of_recipe)
      counts += fmt::format("{}{} by {}", counts.empty() ? "" : ", ", rows, name);
    console.print(fmt::format("{} made rows{} of {} drawn: {}\n", list.rows(),
                              counts.empty() ? "" : " (" + counts + ")", drawn, output_));
    console.print_json({{"output", output_},
                        {"rows", list.rows()},
                        {"drawn", drawn},
                        {"recipes", of_recipe},
                        {"mixed", list.mixed},
                        {"warnings", journal.warnings()},
                        {"exit_code", 0}});
  }

  std::string config_file_, output_, rows_;
  std::vector<std::string> overrides_;
};

}  // namespace

std::unique_ptr<Command> make_synthesize() {
  return std::make_unique<Synthesize>();
}

}  // namespace equipoise::cli
