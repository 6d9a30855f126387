#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace equipoise::core {

/// How far a long piece of work is.
struct Progress {
  std::string stage;   ///< "training", "reading adult.csv"
  double done = 0;     ///< from 0 to 1
  double seconds = 0;  ///< since the stage began
  std::string detail;  ///< "loss 0.31  worst violation 0.012 (TPR, sex)  largest multiplier 0.8"
};

/// What a piece of work tells its user while it goes on. Libraries never print: they are handed a Journal, the
/// command line shows it, and the report repeats its warnings.
class Journal {
 public:
  virtual ~Journal() = default;

  /// A sentence of information.
  virtual void say(std::string_view sentence) {}
  /// A sentence the user must not miss; kept, and repeated in the report.
  virtual void warn(std::string_view sentence) { warnings_.emplace_back(sentence); }
  virtual void progress(const Progress& progress) {}

  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  std::vector<std::string> warnings_;
};

}  // namespace equipoise::core
