#include "engine/cli/compiled_tables.h"

#include <algorithm>
#include <set>
#include <string>

#include <fmt/format.h>

#include "engine/cli/measuring.h"
#include "engine/cli/repeated_warnings.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/showable.h"
#include "engine/sampling/params.h"

namespace equipoise::cli {
namespace {

// Members of a bank differ in little: what was said of one need not be said of the next.
class SayOnce final : public core::Journal {
 public:
  explicit SayOnce(core::Journal& journal) : journal_(journal) {}
  void say(std::string_view sentence) override {
    if (said_.emplace(sentence).second) journal_.say(sentence);
  }
  void warn(std::string_view sentence) override {
    if (said_.emplace(sentence).second) warn_once(journal_, repeated_, sentence, std::string(sentence), who_);
  }
  void speak_of(std::size_t member) { who_ = fmt::format("member {}", member); }
  void end() {
    for (const std::string& sentence : repeated_.take()) journal_.say(sentence);
  }

 private:
  core::Journal& journal_;
  std::set<std::string> said_;
  RepeatedWarnings repeated_;
  std::string who_;
};

}  // namespace

std::vector<constraints::ConstraintTable> compile_tables(const std::vector<training::RunConfig>& members,
                                                         const data::Dataset& dataset, const config::Origin& origin,
                                                         core::Journal& journal) {
  SayOnce once(journal);
  std::vector<constraints::ConstraintTable> tables;
  for (const training::RunConfig& member : members) {
    once.speak_of(tables.size());
    const std::vector<std::string> told_apart = sampling::groupings_of(member.sampling, dataset);
    tables.push_back(
        constraints::compile(member.constraints, dataset, member.multipliers.min_rows, origin, once, told_apart));
    evaluation::check_resamples(member.evaluation, tables.back(), origin);
    const constraints::RowCounts counts = constraints::count_rows(tables.back().cells, dataset);
    for (const std::string& warning : evaluation::unshowable_promises(
             tables.back(), counts, member.multipliers.min_rows, member.evaluation, number_loss_of(member.training)))
      once.warn(warning);
  }
  once.end();
  return tables;
}

}  // namespace equipoise::cli
