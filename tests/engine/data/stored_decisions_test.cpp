#include <nlohmann/json.hpp>

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace stored_decisions_test {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// A predictions file in the program's format, of `rows` rows: every third was selected.
std::string predictions(int rows) {
  std::string text = "row,score,decision\n";
  for (int row = 1; row <= rows; ++row) text += std::to_string(row) + (row % 3 == 0 ? ",0.75,1\n" : ",0.25,0\n");
  return text;
}

// The people with a last column "before" that says the same.
std::string people_decided_before(int rows) {
  return people_with(rows, "before", [](int row) { return std::string(row % 3 == 0 ? "1" : "0"); });
}

DataParams with_file(const std::string& text = predictions(300)) {
  DataParams params = people_params(temporary_file("people.csv", people(300)));
  params.stored_decisions.predictions = temporary_file("old.csv", text);
  return params;
}

DataParams with_column(const std::string& text = people_decided_before(300)) {
  DataParams params = people_params(temporary_file("decided.csv", text));
  params.stored_decisions.column = "before";
  return params;
}

std::vector<std::int32_t> every_third(int rows) {
  std::vector<std::int32_t> codes;
  for (int row = 1; row <= rows; ++row) codes.push_back(row % 3 == 0);
  return codes;
}

TEST(StoredDecisions, AreReadFromAFileOrAColumn) {
  for (const DataParams& params : {with_file(), with_column()}) {
    const Dataset dataset = prepared(params).dataset;
    ASSERT_TRUE(dataset.stored_decisions);
    EXPECT_EQ(dataset.stored_decisions->codes, every_third(300));
    EXPECT_EQ(&dataset.grouping(kStoredDecision), &*dataset.stored_decisions);
    EXPECT_THAT(dataset.groupings, SizeIs(1));  // sex: decisions are no group of people
  }
}

TEST(StoredDecisions, AreNoInputAndChangeNoSplit) {
  const Dataset without = prepared(people_params(temporary_file("people.csv", people(300)))).dataset;
  for (const DataParams& params : {with_file(), with_column()}) {
    const Dataset dataset = prepared(params).dataset;
    EXPECT_EQ(dataset.encoded.codes, without.encoded.codes);
    EXPECT_EQ(dataset.encoded.values, without.encoded.values);
    EXPECT_EQ(dataset.splits, without.splits);
    EXPECT_FALSE(without.stored_decisions);
  }
  EXPECT_THAT(prepared(with_column()).dataset.reading.back(), HasSubstr("before: the stored decision, not an input"));
}

TEST(StoredDecisions, ThatAreAFileAreOnRecord) {
  const Dataset dataset = prepared(with_file()).dataset;
  ASSERT_THAT(dataset.files, SizeIs(2));
  EXPECT_THAT(dataset.files[1].path, HasSubstr("old.csv"));
  EXPECT_THAT(dataset.files[1].sha256, SizeIs(64));
  EXPECT_EQ(dataset.files[1].rows, 300);
  EXPECT_THAT(prepared(with_column()).dataset.files, SizeIs(1));
}

// The predictions are of all rows of the file, those without a label among them.
TEST(StoredDecisions, StayWithTheirRowsWhereOthersAreLeftOut) {
  DataParams params = with_file(predictions(302));
  params.files = {
      temporary_file("people.csv", "age,city,sex,hired\n33,Oslo,man,\n33,Oslo,man,\n" + people(300).substr(19))};
  const Dataset dataset = prepared(params).dataset;
  ASSERT_EQ(dataset.rows(), 300);
  const std::vector<std::int32_t> all = every_third(302);
  EXPECT_EQ(dataset.stored_decisions->codes, std::vector<std::int32_t>(all.begin() + 2, all.end()));
}

TEST(StoredDecisions, MayBeSpeltAsNumbersOrTruthValues) {
  std::string text = "hired\n";
  for (int row = 1; row <= 300; ++row) text += row % 3 == 0 ? "true\n" : "false\n";
  DataParams params = with_file(text);
  params.stored_decisions.column = "hired";
  EXPECT_EQ(prepared(params).dataset.stored_decisions->codes, every_third(300));
}

TEST(StoredDecisions, OfAnotherNumberOfRowsAreRefused) {
  const std::string error = error_of_preparing(with_file(predictions(299)));
  EXPECT_THAT(error, AllOf(HasSubstr("old.csv: this predictions file has 299 rows, the data files have 300"),
                           HasSubstr("people.csv")));
  EXPECT_EQ(fault_of([] { prepared(with_file(predictions(299))); }), core::Fault::data);
}

TEST(StoredDecisions, OtherThanZeroAndOneAreRefusedWithTheirLine) {
  for (const auto& [value, said] : {std::pair("2", "is 2"),
                                    {"-1", "is -1"},
                                    {"0.5", "is 0.5"},
                                    {"yes", "not a number"},
                                    {"", "is missing"},
                                    {"inf", "inf"}}) {
    std::string file = predictions(300), column = people_decided_before(300);
    file.replace(file.find("3,0.75,1\n"), 9, std::string("3,0.75,") + value + "\n");
    const std::size_t at = column.find(",1\n");
    column.replace(at, 3, std::string(",") + value + "\n");
    EXPECT_THAT(error_of_preparing(with_file(file)),
                AllOf(HasSubstr("old.csv:4: the stored decision in column 'decision' "), HasSubstr(said)));
    EXPECT_THAT(error_of_preparing(with_column(column)),
                AllOf(HasSubstr("decided.csv:4: "), HasSubstr("column 'before'"), HasSubstr(said)))
        << value;
  }
}

TEST(StoredDecisions, OutOfOrderAreRefusedWithTheirLine) {
  std::string text = predictions(300);
  text.replace(text.find("\n7,"), 3, "\n9,");
  EXPECT_THAT(error_of_preparing(with_file(text)),
              HasSubstr("old.csv:8: the column 'row' holds 9 where 7 was expected"));
}

TEST(StoredDecisions, ThatAreNotThereAreNamedWithTheNearest) {
  config::Origin origin;
  origin.set("data.stored_decisions.column", {"run.yaml", 9, 5});
  DataParams params = with_file();
  params.stored_decisions.column = "decisions";
  EXPECT_THAT(error_of_preparing(params, origin),
              HasSubstr("run.yaml:9:5: data.stored_decisions.column: there is no column 'decisions' (did you mean "
                        "'decision'?); the columns are row, score, decision"));
  params = with_column();
  params.stored_decisions.column = "befor";
  EXPECT_THAT(error_of_preparing(params, origin), HasSubstr("did you mean 'before'?"));
  params = with_file();
  params.stored_decisions.predictions += ".gone";
  EXPECT_THAT(error_of_preparing(params), HasSubstr("old.csv.gone"));
}

TEST(StoredDecisions, CannotBeInAnotherRole) {
  DataParams params = with_column();
  params.stored_decisions.column = "hired";
  EXPECT_THAT(error_of_preparing(params), HasSubstr("the column 'hired' is the label"));
  params = with_column();
  params.weight = "before";
  EXPECT_THAT(error_of_preparing(params), HasSubstr("the column 'before' is the sample weight"));
  params = with_column();
  params.features.keep = {"age", "before"};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("'before' is the stored decision, which the model does not see"));
  params = with_column();
  params.groups.push_back({"", "before", {}, {}, true});
  EXPECT_THAT(error_of_preparing(params), HasSubstr("is named as an input of the model"));
  params.groups.back() = {"stored decision", "city", {}, {}};
  EXPECT_THAT(error_of_preparing(params), HasSubstr("give this grouping another name"));
}

Dataset applied(const Prepared& p, const std::string& text, core::Journal& journal, const std::string& stored = "") {
  const EncoderPointer encoder = encoder_from_json(nlohmann::json::parse(to_json(*p.encoder).dump()));
  return apply(*encoder, {temporary_file("new.csv", text)}, Wanted::everything, journal, stored);
}

TEST(StoredDecisions, OfNewRowsComeFromTheirColumn) {
  core::Journal journal;
  const Dataset dataset = applied(prepared(with_column()), people_decided_before(50), journal);
  EXPECT_EQ(dataset.stored_decisions->codes, every_third(50));
  EXPECT_THAT(journal.warnings(), IsEmpty());
  EXPECT_THAT(error_of([&] { applied(prepared(with_column()), people(50), journal); }),
              HasSubstr("the stored decisions' column 'before' is not there"));
}

TEST(StoredDecisions, OfNewRowsAreNotKnownWithoutAFile) {
  core::Journal journal;
  const Dataset dataset = applied(prepared(with_file()), people(50), journal);
  ASSERT_TRUE(dataset.stored_decisions);
  EXPECT_THAT(dataset.stored_decisions->codes, IsEmpty());
  EXPECT_THAT(journal.warnings(), ElementsAre(HasSubstr("nothing can be said of churn")));
  const Cells cells = build_cells(dataset, {"sex", kStoredDecision});
  for (const Cells::Cell& cell : cells.cells) EXPECT_EQ(cell.levels[1], kUnknownLevel);
}

TEST(StoredDecisions, OfNewRowsMayBeGivenAsAFile) {
  core::Journal journal;
  const std::string file = temporary_file("older.csv", predictions(50));
  const Dataset dataset = applied(prepared(with_file()), people(50), journal, file);
  EXPECT_EQ(dataset.stored_decisions->codes, every_third(50));
  EXPECT_THAT(journal.warnings(), IsEmpty());
  EXPECT_THAT(error_of([&] { applied(prepared(with_file()), people(49), journal, file); }),
              HasSubstr("has 50 rows, the data files have 49"));
  EXPECT_THAT(error_of([&] { applied(prepared(with_column()), people_decided_before(50), journal, file); }),
              HasSubstr("stored decisions are the column 'before'"));
  EXPECT_THAT(error_of([&] {
                applied(prepared(people_params(temporary_file("people.csv", people(300)))), people(50), journal, file);
              }),
              HasSubstr("training had no stored decisions"));
}

// Whoever scores rows need not know what was decided of them.
TEST(StoredDecisions, AreNotNeededToScore) {
  const Prepared p = prepared(with_column());
  core::Journal journal;
  const Dataset dataset = apply(*p.encoder, {temporary_file("new.csv", people(50))}, Wanted::inputs, journal);
  EXPECT_FALSE(dataset.stored_decisions);
  EXPECT_THAT(journal.warnings(), IsEmpty());
}

// What is decided of several classes is one of them.
DataParams with_classes(const std::string& decision = "Lima") {
  std::string text = "row,decision\n";
  for (int row = 1; row <= 300; ++row)
    text += std::to_string(row) + (row == 3 ? "," + decision : row % 3 == 0 ? ",Oslo" : ",Bern") + "\n";
  DataParams params = with_file(text);
  params.label = {};
  params.label.task = "classes";
  params.label.column = "city";
  return params;
}

TEST(StoredDecisions, OfSeveralClassesAreTheirNames) {
  const Dataset dataset = prepared(with_classes()).dataset;
  ASSERT_TRUE(dataset.stored_decisions);
  EXPECT_EQ(dataset.stored_decisions->levels, dataset.outcomes);
  EXPECT_THAT(dataset.outcomes, ElementsAre("Bern", "Lima", "Oslo"));
  const std::vector<std::int32_t>& codes = dataset.stored_decisions->codes;
  EXPECT_THAT(std::vector<std::int32_t>(codes.begin(), codes.begin() + 6), ElementsAre(0, 0, 1, 0, 0, 2));
}

TEST(StoredDecisions, OfAnUnknownClassAreRefusedWithTheirLine) {
  EXPECT_THAT(
      error_of_preparing(with_classes("Osl")),
      AllOf(HasSubstr("old.csv:4: the stored decision in column 'decision' is 'Osl', none of the classes (did you "
                      "mean 'Oslo'?)"),
            HasSubstr("expected one of Bern, Lima, Oslo")));
  EXPECT_THAT(error_of_preparing(with_classes("")),
              HasSubstr("old.csv:4: the stored decision in column 'decision' is missing"));
}

// Of two labels each is decided by itself, and stands in a column of its own.
std::string people_with_labels(int rows, const std::string& more = "") {
  std::string text = "age,sex,spam,rude" + more + "\n";
  for (int row = 0; row < rows; ++row) {
    const std::string spam = row % 3 == 0 ? "1" : "0", rude = row % 4 == 0 ? "1" : "0";
    text += std::to_string(20 + row % 50) + (row % 2 == 0 ? ",man," : ",woman,") + spam + "," + rude;
    if (!more.empty()) text += (row % 5 == 0 ? ",1" : ",0") + std::string(row % 7 == 0 ? ",1" : ",0");
    text += "\n";
  }
  return text;
}

DataParams with_labels(const std::string& data) {
  DataParams params = people_params(temporary_file("labels.csv", data));
  params.label = {};
  params.label.task = "labels";
  params.label.columns = {"spam", "rude"};
  params.label.positive = {"1"};
  return params;
}

TEST(StoredDecisions, OfSeveralLabelsAreAColumnForEach) {
  std::string text = "decision_rude,decision_spam\n";
  for (int row = 0; row < 300; ++row) text += (row % 7 == 0 ? "1," : "0,") + std::string(row % 5 == 0 ? "1\n" : "0\n");
  DataParams from_file = with_labels(people_with_labels(300)),
             from_column = with_labels(people_with_labels(300, ",old_spam,old_rude"));
  from_file.stored_decisions.predictions = temporary_file("old.csv", text);
  from_column.stored_decisions.column = "old";
  std::vector<std::int32_t> expected;
  for (int row = 0; row < 300; ++row) expected.insert(expected.end(), {row % 5 == 0, row % 7 == 0});
  for (const DataParams& params : {from_file, from_column}) {
    const Dataset dataset = prepared(params).dataset;
    ASSERT_TRUE(dataset.stored_decisions);
    EXPECT_EQ(dataset.stored_decisions->codes, expected);
    // Row 5 was decided spam and not rude: it is in the cells of either decision.
    const Cells cells = build_cells(dataset, {kStoredDecision});
    EXPECT_EQ(cells.cells[static_cast<std::size_t>(cells.of_row[10])].levels, (std::vector<std::int32_t>{1, 0}));
    EXPECT_EQ(cells.cells[static_cast<std::size_t>(cells.of_row[11])].levels, (std::vector<std::int32_t>{0, 1}));
  }
  EXPECT_THAT(prepared(from_column).dataset.reading.back(), HasSubstr("old_rude: the stored decision, not an input"));
  from_column.stored_decisions.column = "before";
  EXPECT_THAT(error_of_preparing(from_column), HasSubstr("there is no column 'before_spam'"));
}

TEST(StoredDecisions, OfNumbersThereAreNone) {
  DataParams params = with_file();
  params.label = {};
  params.label.task = "regression";
  params.label.column = "age";
  EXPECT_THAT(error_of_preparing(params),
              HasSubstr("data.stored_decisions: a number that is predicted is no decision"));
}

}  // namespace stored_decisions_test
}  // namespace equipoise::data
