#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/constraints/rates.h"
#include "engine/constraints/requests.h"
#include "engine/constraints/row_counts.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"
#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace outcomes_test {

using data::Task;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Two sexes by 60 rows in the training and the test split; class, labels and target go round with the row.
data::Dataset people_of(Task task) {
  data::Dataset people = two_sexes(60);
  people.task = task;
  const auto rows = static_cast<std::size_t>(people.rows());
  people.labels.clear();
  if (task == Task::classes) people.outcomes = {"low", "middle", "high"};
  if (task == Task::labels) people.outcomes = {"a", "b"};
  for (std::size_t i = 0; i < rows; ++i) {
    if (task == Task::classes) people.labels.push_back(static_cast<std::uint8_t>(i % 3));
    if (task == Task::labels)
      people.labels.insert(people.labels.end(),
                           {static_cast<std::uint8_t>(i % 2), static_cast<std::uint8_t>(i % 4 == 0)});
    if (task == Task::regression) {
      people.labels.push_back(0);
      people.targets.push_back(static_cast<float>(i % 7));
    }
  }
  return people;
}

ConstraintTable compiled(const std::vector<ConstraintParams>& wanted, const data::Dataset& people) {
  core::Journal journal;
  return compile(wanted, people, 10, {}, journal);
}

std::string refusal(const std::vector<ConstraintParams>& wanted, Task task) {
  try {
    compiled(wanted, people_of(task));
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

ConstraintParams by_sex(const std::string& kind, double tolerance = 0.1) {
  ConstraintParams wanted;
  wanted.kind = kind;
  wanted.group = {"sex"};
  wanted.tolerance = tolerance;
  return wanted;
}

TEST(OutcomeCells, ARowIsInACellOfEachOfItsOutcomes) {
  const data::Cells classes = data::build_cells(people_of(Task::classes), {"sex"});
  ASSERT_EQ(classes.count(), 2 * 3 * 2);
  EXPECT_THAT(classes.groupings, ElementsAre("sex", "class"));
  // Row 1, a woman of class "middle": not low, middle, not high.
  EXPECT_THAT(std::vector<std::int32_t>(classes.of_row.begin() + 3, classes.of_row.begin() + 6), ElementsAre(0, 3, 4));
  const data::Cells labels = data::build_cells(people_of(Task::labels), {"sex"});
  ASSERT_EQ(labels.count(), 2 * 2 * 2);
  EXPECT_THAT(std::vector<std::int32_t>(labels.of_row.begin(), labels.of_row.begin() + 4), ElementsAre(0, 3, 1, 2));
  const data::Cells numbers = data::build_cells(people_of(Task::regression), {"sex"}, {2.5});
  ASSERT_EQ(numbers.count(), 2 * 5 * 2);
  EXPECT_EQ(numbers.levels.back().back(), "above 2.5");
  EXPECT_THAT(std::vector<std::int32_t>(numbers.of_row.begin(), numbers.of_row.begin() + 5),
              ElementsAre(0, 2, 4, 6, 8));
}

TEST(OutcomeCells, RowsAreCountedOnceAndInEachOutcome) {
  const data::Dataset people = people_of(Task::classes);
  const data::Cells cells = data::build_cells(people, {"sex"});
  const RowCounts counts = count_rows(cells, people);
  EXPECT_EQ(counts.rows[static_cast<int>(data::Split::train)], 240);
  const auto& train = counts.rows_of_cell[static_cast<int>(data::Split::train)];
  EXPECT_EQ(rows_in(weight_of(cells, {{"sex", "Female"}}), train), 120);
  EXPECT_EQ(rows_in(make_rate("tpr", cells, {{"sex", "Female"}, {"class", "high"}}).denominator, train), 40);
  EXPECT_EQ(rows_in(make_rate("fpr", cells, {{"sex", "Female"}, {"class", "high"}}).denominator, train), 80);
  EXPECT_EQ(rows_in(make_rate("error", cells, {{"sex", "Female"}}).denominator, train), 120);
}

TEST(OutcomeCells, NewRowsKeepTheirPlacesAndAddTheirOwn) {
  data::Dataset people = people_of(Task::labels);
  const ConstraintTable table = compiled({by_sex("demographic_parity")}, people);
  people.groupings[0].codes[0] = data::kUnknownLevel;
  const ConstraintTable again = table_for(people, table);
  EXPECT_EQ(again.cells.count(), table.cells.count() + 4);
  EXPECT_EQ(again.cells.of_row[0], table.cells.count());
  EXPECT_EQ(again.cells.of_row[1], table.cells.count() + 3);
  EXPECT_EQ(again.promises[0].levels.back(), kUnseenLevel);
}

TEST(OutcomePromises, ThereIsOneForEachClassThatIsMeant) {
  const data::Dataset people = people_of(Task::classes);
  const ConstraintTable table = compiled({by_sex("equalized_odds")}, people);
  EXPECT_THAT(promise_titles(table),
              ElementsAre("TPR gap by sex within class=low", "TPR gap by sex within class=middle",
                          "TPR gap by sex within class=high", "FPR gap by sex within class=low",
                          "FPR gap by sex within class=middle", "FPR gap by sex within class=high"));
  ConstraintParams one = by_sex("demographic_parity");
  one.outcome = {"high"};
  EXPECT_THAT(promise_titles(compiled({one}, people)), ElementsAre("SR gap by sex within class=high"));
  EXPECT_EQ(constraint_title(one), "demographic parity by sex of high, gap at most 0.1");
  EXPECT_THAT(promise_titles(compiled({by_sex("error_parity")}, people)), ElementsAre("ERR gap by sex"));
}

TEST(OutcomePromises, FiguresOfANumberAreNamed) {
  ConstraintParams above = by_sex("exceedance_parity");
  above.above = 2.5;
  const ConstraintTable table = compiled({by_sex("mean_prediction_parity", 3), above}, people_of(Task::regression));
  EXPECT_THAT(promise_titles(table),
              ElementsAre("prediction gap by sex", "share gap by sex within prediction above 2.5"));
  EXPECT_THAT(table.cells.thresholds, ElementsAre(2.5));
}

// Women's cells by class and label, men's 0: weight, loss, soft, hard. Of 4 low, 6 middle and 10 high ones 3, 4 and 8 are
// predicted as what they are.
TEST(OutcomeRates, OfClassesAreThoseOfOneAgainstAllOthers) {
  data::Cells cells = data::build_cells(people_of(Task::classes), {"sex"});
  ConstraintTable table{cells, {}, {}, {}, {}, {}, {}};
  const std::vector<Condition> women = {{"sex", "Female"}};
  const auto of_class = [](const char* name) { return std::vector<Condition>{{"sex", "Female"}, {"class", name}}; };
  table.rates = {make_rate("tpr", cells, of_class("high")),
                 make_rate("fpr", cells, of_class("high")),
                 make_rate("selection_rate", cells, of_class("low")),
                 make_rate("ppv", cells, of_class("middle")),
                 make_rate("error", cells, women),
                 make_rate("accuracy", cells, women),
                 make_rate("loss", cells, women)};
  std::vector<double> sums(static_cast<std::size_t>(cells.count()) * kColumns, 0.0);
  const double of_women[] = {16, 0, 0, 2, 4, 2, 0, 3, 14, 0, 0, 2, 6, 3, 0, 4, 10, 0, 0, 1, 10, 5, 0, 8};
  std::copy(std::begin(of_women), std::end(of_women), sums.begin());
  EXPECT_THAT(rate_values(table, sums, Reading::exact),
              ElementsAre(0.8, 0.1, 5. / 20, 4. / 6, 5. / 20, 15. / 20, 10. / 20));
}

TEST(OutcomeRequests, ARateOfAnotherTaskIsRefused) {
  EXPECT_THAT(refusal({by_sex("predictive_equality")}, Task::regression),
              HasSubstr("constraints[0].kind: the rate 'fpr' is none of the task 'regression' (data.label.task), whose "
                        "rates are loss, mean_prediction, residual, squared_error, exceedance"));
  EXPECT_THAT(refusal({by_sex("mean_prediction_parity")}, Task::binary), HasSubstr("none of the task 'binary'"));
  ConstraintParams parity = by_sex("parity");
  parity.rate = "residual";
  EXPECT_THAT(refusal({parity}, Task::classes), HasSubstr("constraints[0].rate: the rate 'residual' is none"));
  EXPECT_THAT(refusal({by_sex("worst_group", 0.05)}, Task::labels), HasSubstr("there is no one aim"));
}

TEST(OutcomeRequests, OutcomesMustBeThere) {
  ConstraintParams wanted = by_sex("demographic_parity");
  wanted.outcome = {"hihg"};
  EXPECT_THAT(refusal({wanted}, Task::classes), HasSubstr("there is no class 'hihg' (did you mean 'high'?)"));
  wanted.outcome = {"a", "a"};
  EXPECT_THAT(refusal({wanted}, Task::labels), HasSubstr("'a' is named twice"));
  EXPECT_THAT(refusal({wanted}, Task::binary), HasSubstr("it is for the tasks 'classes' and 'labels'"));
  ConstraintParams error = by_sex("error_parity");
  error.outcome = {"high"};
  EXPECT_THAT(refusal({error}, Task::classes), HasSubstr("the rate 'error' is about all classes together"));
}

TEST(OutcomeRequests, ThresholdsAreOfExceedances) {
  EXPECT_THAT(refusal({by_sex("exceedance_parity")}, Task::regression), HasSubstr("needs the number above which"));
  ConstraintParams wanted = by_sex("mean_prediction_parity", 2);
  wanted.above = 3;
  EXPECT_THAT(refusal({wanted}, Task::regression), HasSubstr("constraints[0].above: it is for the rate 'exceedance'"));
}

TEST(OutcomeRequests, MeansMayBeNegativeAndHaveNoRatio) {
  ConstraintParams ratio = by_sex("residual_parity", 0.1);
  ratio.form = "ratio";
  EXPECT_THAT(refusal({ratio}, Task::regression), HasSubstr("a ratio is of rates that cannot be below 0"));
  ConstraintParams bound;
  bound.kind = "bound";
  bound.rate = "residual";
  bound.at_most = -1;
  EXPECT_EQ(refusal({bound}, Task::regression), "");
  bound.at_least = -2;
  EXPECT_THAT(refusal({bound}, Task::regression), HasSubstr("say it as a linear constraint"));
}

TEST(OutcomeRequests, TermsNameTheirOutcome) {
  ConstraintParams sum;
  sum.kind = "linear";
  sum.at_most = 0.1;
  sum.terms = {{"selection_rate", {{"sex", "Male"}}, 1}, {"selection_rate", {{"sex", "Female"}}, -1}};
  EXPECT_THAT(refusal({sum}, Task::classes), HasSubstr("terms[0].outcome: the rate 'selection_rate' is of one class"));
  for (TermParams& term : sum.terms) term.outcome = "high";
  const ConstraintTable table = compiled({sum}, people_of(Task::classes));
  ASSERT_THAT(table.promises, SizeIs(1));
  EXPECT_EQ(promise_titles(table)[0], "SR of sex=Male and class=high - SR of sex=Female and class=high");
}

TEST(OutcomeRequests, TheConfigAloneTellsTheSame) {
  ConstraintParams wanted = by_sex("demographic_parity");
  wanted.outcome = {"c"};
  try {
    check_requests({wanted}, KnownOfData{{"sex"}, false, Task::labels, {"a", "b"}}, {});
    ADD_FAILURE() << "accepted";
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("there is no label 'c'"));
  }
  check_requests({wanted}, KnownOfData{{"sex"}, false, Task::classes, {}}, {});  // classes are not known yet
}

// Sums as if row i were decided so: of outcome k 0 or 1.
template <typename Decided>
std::vector<double> sums_of_decisions(const data::Cells& cells, std::int64_t rows, const Decided& decided) {
  const auto outcomes = static_cast<std::size_t>(cells.outcomes());
  std::vector<double> sums(static_cast<std::size_t>(cells.count()) * kColumns, 0.0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i)
    for (std::size_t k = 0; k < outcomes; ++k) {
      double* of_cell = &sums[static_cast<std::size_t>(cells.of_row[i * outcomes + k]) * kColumns];
      of_cell[kWeight] += 1;
      of_cell[kHard] += decided(i, k);
    }
  return sums;
}

TEST(OutcomeChurn, OfClassesIsTheShareOfWhichAnotherIsPredictedThanBefore) {
  data::Dataset people = people_of(Task::classes);
  people.stored_decisions = data::Grouping{data::kStoredDecision, people.outcomes, {}};
  const auto before = [](std::size_t i) { return (i / 2) % 3; };
  const auto now = [](std::size_t i) { return i % 7 % 3; };
  double changed[2] = {0, 0}, rows[2] = {0, 0};
  for (std::size_t i = 0; i < static_cast<std::size_t>(people.rows()); ++i) {
    people.stored_decisions->codes.push_back(static_cast<std::int32_t>(before(i)));
    const auto sex = static_cast<std::size_t>(people.groupings[0].codes[i]);
    ++rows[sex];
    changed[sex] += before(i) != now(i);
  }
  ConstraintParams churn = by_sex("churn", 0.05);
  churn.at_most = 0.9;
  const ConstraintTable table = compiled({churn}, people);
  ASSERT_THAT(table.promises, SizeIs(1));
  const std::vector<double> rates = rate_values(
      table, sums_of_decisions(table.cells, people.rows(), [&](std::size_t i, std::size_t k) { return now(i) == k; }),
      Reading::exact);
  EXPECT_THAT(rates, ElementsAre(testing::DoubleEq(changed[0] / rows[0]), testing::DoubleEq(changed[1] / rows[1])));
}

TEST(OutcomeChurn, OfLabelsIsOfEachLabelAndItsOwnDecisions) {
  data::Dataset people = people_of(Task::labels);
  people.stored_decisions = data::Grouping{data::kStoredDecision, {"0", "1"}, {}};
  const auto before = [](std::size_t i, std::size_t k) { return k == 0 ? i % 3 == 0 : i % 5 == 0; };
  const auto now = [](std::size_t i, std::size_t k) { return k == 0 ? i % 4 == 0 : i % 2 == 0; };
  double changed[2] = {0, 0};
  for (std::size_t i = 0; i < static_cast<std::size_t>(people.rows()); ++i)
    for (const std::size_t k : {0, 1}) {
      people.stored_decisions->codes.push_back(before(i, k));
      changed[k] += before(i, k) != now(i, k);
    }
  ConstraintParams churn;
  churn.kind = "churn";
  churn.at_most = 0.9;
  const ConstraintTable table = compiled({churn}, people);
  const auto rows = static_cast<double>(people.rows());
  EXPECT_THAT(promise_titles(table),
              ElementsAre("churn of everyone within label=a", "churn of everyone within label=b"));
  EXPECT_THAT(rate_values(table, sums_of_decisions(table.cells, people.rows(), now), Reading::exact),
              ElementsAre(testing::DoubleEq(changed[0] / rows), testing::DoubleEq(changed[1] / rows)));
}

// All women were taken for low before and all men for high: who changes nobody cannot have parity. A row is of one class, or the linear
// program would let it stay low for churn and be high for parity.
TEST(OutcomeChurn, AgainstParityIsRefusedWhereOldDecisionsAreFarFromIt) {
  data::Dataset people = people_of(Task::classes);
  people.stored_decisions = data::Grouping{data::kStoredDecision, people.outcomes, {}};
  for (const std::int32_t sex : people.groupings[0].codes) people.stored_decisions->codes.push_back(sex == 0 ? 0 : 2);
  const auto refused = [&](double at_most) -> std::string {
    ConstraintParams churn;
    churn.kind = "churn";
    churn.at_most = at_most;
    try {
      compiled({by_sex("demographic_parity", 0.01), churn}, people);
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refused(0.01), HasSubstr("no decisions on the training rows"));
  EXPECT_EQ(refused(0.6), "");  // half of them changed
}

TEST(OutcomeChurn, OfRowsWithoutADecisionBeforeIsNotKnown) {
  for (const Task task : {Task::classes, Task::labels}) {
    data::Dataset people = people_of(task);
    const std::vector<std::string> levels =
        task == Task::classes ? people.outcomes : std::vector<std::string>{"0", "1"};
    people.stored_decisions = data::Grouping{data::kStoredDecision, levels, {}};
    people.stored_decisions->codes.assign(people.labels.size(), 1);
    ConstraintParams churn = by_sex("churn", 0.05);
    churn.at_most = 0.9;
    const ConstraintTable table = compiled({churn}, people);
    people.stored_decisions->codes.clear();
    const ConstraintTable again = table_for(people, table);
    for (const double rate :
         rate_values(again, sums_of_decisions(again.cells, people.rows(), [](std::size_t, std::size_t) { return 1; }),
                     Reading::exact))
      EXPECT_TRUE(std::isnan(rate));
  }
}

}  // namespace outcomes_test
}  // namespace equipoise::constraints
