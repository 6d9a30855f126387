// What test rows could show is said before training, of every kind of constraint.
#include <sstream>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace showable_test {

using testing::HasSubstr;
using testing::Not;

// The people with "wage", a number that follows hours and sex, in cents.
std::string people_with_wages() {
  std::istringstream lines(people(1500));
  std::string line, result;
  for (int i = -1; std::getline(lines, line); ++i) {
    if (i < 0) {
      result += line + ",wage\n";
      continue;
    }
    std::istringstream fields(line);
    std::string age, hours;
    std::getline(std::getline(fields, age, ','), hours, ',');
    result += line + ',' + std::to_string(1000 + 50 * std::stoi(hours) + i * 13 % 17 * 20) + "\n";
  }
  return result;
}

class Showables : public Workspace {
 protected:
  Showables() { write("people.csv", people_with_wages()); }

  Outcome asked(const std::string& verb, const std::string& constraint, const std::vector<std::string>& more) const {
    std::vector<std::string> words = {verb, "config.yaml", "constraints=[" + constraint + "]"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << constraint << "\n" << outcome.err;
    return outcome;
  }
};

struct Case {
  std::string constraint;  ///< up to its tolerance
  std::string strict, loose;
  std::vector<std::string> data;
  std::string words;
};

const std::vector<std::string> kDecisions = {"data.features.drop=[wage]"},
                               kNumber = {"data.label={task: regression, column: wage}", "data.features.drop=[income]"};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"{kind: linear, terms: [{rate: selection_rate, group: {sex: f}}, {rate: selection_rate, group: {sex: m}, "
       "weight: "
       "-1}], at_most: ",
       "0.01}", "0.4}", kDecisions, "even if all groups' rates were exactly equal, at 0."},
      {"{kind: linear, terms: [{rate: error, group: {sex: f}, weight: 0.5}, {rate: error, group: {sex: m}, weight: "
       "0.5}], at_most: ",
       "0.02}", "0.4}", kDecisions, "can be shown to be at most 0.02 on this test split only by a sum of at most 0.0"},
      {"{kind: calibration, group: sex, bins: 2, tolerance: ", "0.02}", "0.4}", kDecisions,
       "even if all scores were right, and explained half of the variance of each group's labels, the 95 % bound"},
      {"{kind: calibration, group: sex, bins: 20, tolerance: ", "0.02}", "", kDecisions,
       "fewer than multipliers.min_rows"},
      {"{kind: residual_parity, group: sex, tolerance: ", "20}", "900}", kNumber,
       "mean residuals were exactly equal, with a model that explains half of the variance of each group's targets"},
      {"{kind: mean_prediction_parity, group: sex, tolerance: ", "20}", "900}", kNumber,
       "mean predictions were exactly"},
      {"{kind: parity, rate: squared_error, group: sex, tolerance: ", "1000}", "900000}", kNumber,
       "mean squared errors were exactly equal, at half of the variance of the targets"},
      {"{kind: loss_parity, group: sex, tolerance: ", "0.01}", "0.9}", kDecisions,
       "equal, with right scores that explain half of the variance of each group's labels, the 95 % bound"},
      {"{kind: loss_parity, group: sex, tolerance: ", "0.01}", "0.9}", kNumber,
       ", those of a model that explains half of the variance of the targets, with normally distributed errors"},
  };
  return all;
}

// `train` says so before it trains, and is silent of a tolerance that these rows can show; so is what the run stores.
TEST_F(Showables, TrainingWarnsOfWhatCouldNotBeShown) {
  int run_number = 0;
  for (const Case& one : cases()) {
    for (const bool is_strict : {true, false}) {
      const std::string& tolerance = is_strict ? one.strict : one.loose;
      if (tolerance.empty()) continue;
      const std::string run_name = "r" + std::to_string(++run_number);
      std::vector<std::string> more = one.data;
      more.insert(more.end(), {"training.epochs=1", "multipliers.measure_on=train", "evaluation.resamples=1000",
                               "output.run=" + run_name});
      const Outcome outcome = asked("train", one.constraint + tolerance, more);
      const std::string stored = nlohmann::json::parse(read("runs/" + run_name + "/results.json"))["warnings"].dump();
      if (is_strict) {
        EXPECT_THAT(outcome.err, HasSubstr(one.words));
        EXPECT_THAT(stored, HasSubstr(one.words));
      } else {
        EXPECT_THAT(outcome.err, Not(HasSubstr("on this test split"))) << one.constraint;
        EXPECT_THAT(stored, Not(HasSubstr("on this test split"))) << one.constraint;
      }
    }
  }
}

// `audit` has the smallest tolerance in the figure's own unit, and warns from there on.
TEST_F(Showables, AnAuditNamesTheSmallestTolerance) {
  // The largest of all promises, and how many of them warn.
  const auto audited = [&](const Case& one, const std::string& tolerance) {
    asked("audit", one.constraint + tolerance, one.data);
    std::pair<double, int> found{0, 0};
    const nlohmann::json audit = nlohmann::json::parse(read("runs/people-audit/audit.json"));
    for (const nlohmann::json& promise : audit["showable"]) {
      if (!promise["smallest_tolerance"].is_null())
        found.first = std::max(found.first, promise["smallest_tolerance"].get<double>());
      found.second += promise["warning"] != "";
    }
    return found;
  };
  for (const Case& one : cases()) {
    if (one.strict.empty() || one.loose.empty()) continue;
    const auto [least, warnings] = audited(one, one.loose);
    EXPECT_EQ(warnings, 0) << one.constraint;
    if (least == 0) {
      EXPECT_THAT(one.constraint, HasSubstr("rate: error")) << "which is judged halfway";
      continue;
    }
    EXPECT_GT(least, std::stod(one.strict)) << one.constraint;
    EXPECT_LT(least, std::stod(one.loose)) << one.constraint;
    EXPECT_EQ(audited(one, std::to_string(0.999 * least) + "}").second, 1) << one.constraint;
    EXPECT_EQ(audited(one, std::to_string(1.001 * least) + "}").second, 0) << one.constraint;
  }
}

}  // namespace showable_test
}  // namespace equipoise::end_to_end
