#include "engine/data/params.h"

#include <iterator>

#include "engine/data/task.h"

namespace equipoise::data {

using config::at_least;
using config::between;
using config::Need;

void CsvParams::describe(config::Fields& fields) {
  fields.boolean("header", header, "Whether the first line holds the column names.");
  fields.texts("columns", columns, "Column names, in order, when the file has no header line.");
  fields.text("delimiter", delimiter, "The one character between fields.");
  fields.text("quote", quote, "The one character around fields that hold a delimiter or a line break.");
  fields.boolean("trim", trim, "Whether spaces around fields are dropped.");
  fields.texts("missing", missing, "Field texts that mean a missing value.");
  fields.text("skip_rows_starting_with", skip_rows_starting_with, "Lines that start with this text are comments.");
}

void LabelParams::describe(config::Fields& fields) {
  fields.choice(
      "task", task, {std::begin(kTaskNames), std::end(kTaskNames)},
      "What is told of a row: one of two values (binary), one of several classes (classes), of several labels "
      "whether each holds (labels), or a number (regression).");
  fields.text("column", column, "The column to predict; with the task labels say columns instead.");
  fields.texts("columns", columns, "With labels, the columns to predict: 2 to 64, each a label of its own.");
  fields.texts("positive", positive, "With binary and labels, the values that count as positive.");
  fields.texts("negative", negative,
               "The values that count as negative; when left out, all others, of which there may be at most as many as "
               "positive ones.");
  fields.number(
      "above", above, {-kNoNumber, kNoNumber, true, false},
      "With binary and labels, instead of values: numbers above it count as positive; .inf is not by number.");
  fields.texts("classes", classes,
               "With classes, the values in the order that reports keep, 2 to 64; when left out, all that occur.");
  fields.numbers("bins", bins, config::any(),
                 "With classes, instead of values: ascending bounds that cut a number into classes, each closed on the "
                 "left.");
  fields.texts(
      "annotators", annotators,
      "With binary and classes, columns of what single annotators said, in the label's own values; a missing one "
      "did not see the row. No inputs; what the recipe soft_labels learns from.");
}

Task task_of(const LabelParams& params) {
  return task_from(params.task).value();
}

void GroupParams::describe(config::Fields& fields) {
  fields.text("name", name, "What constraints and reports call it; the column, or the crossed names joined by '*'.");
  fields.text("column", column, "The column whose values are the groups.");
  fields.numbers("bins", bins, config::any(),
                 "Ascending bounds that cut a number into groups, each closed on the left.");
  fields.texts("cross", cross, "Names of groupings above whose crossing is meant, instead of a column.");
  fields.boolean(
      "input", input,
      "Whether the model sees the column all the same, as it may an age that is only reported by bins. Said of one "
      "group of a column, it holds for the column.");
}

std::string GroupParams::shown_name() const {
  if (!name.empty()) return name;
  if (cross.empty()) return column;
  std::string joined;
  for (const std::string& part : cross) joined += (joined.empty() ? "" : "*") + part;
  return joined;
}

void FeatureParams::describe(config::Fields& fields) {
  fields.texts("keep", keep, "The only columns the model sees; when left out, all but the label, groups and weight.");
  fields.texts("drop", drop, "Columns the model does not see.");
  fields.text_map("types", types, {"number", "category"}, "Columns whose type is not to be read off the data.");
  fields.boolean("groups_as_inputs", groups_as_inputs, "Whether the model sees the columns that make the groups.");
  fields.choice("numbers", numbers, {"piecewise_linear", "standardize"},
                "How numbers are encoded: as ramps between training quantiles, or minus mean over deviation.");
  fields.integer("bins", bins, between(2, 1024), "Largest number of ramps of a number.");
  fields.choice("categories", categories, {"one_hot", "embedding"}, "How categories are encoded.");
  fields.integer("max_levels", max_levels, between(2, 30000),
                 "Most frequent levels of a category that are kept; the rest become 'other'.");
}

void SplitParams::describe(config::Fields& fields) {
  fields.number("test", test, {0, 1, false, true}, "Share of rows for the final measurement, touched once.");
  fields.number("selection", selection, {0, 1, false, true},
                "Share of rows on which the kept iterate is chosen, and the rules of a frontier are solved for; "
                "without any a cross-fitted run has its training rows out of fold for both.");
  fields.number("holdout", holdout, {0, 1, false, true}, "Share of rows that only the multipliers look at.");
  fields.choice(
      "stratify", stratify, {"cells", "label", "none"},
      "What keeps its shares in every split: the first of data.groups and the label together, the label alone, or "
      "nothing. Of several labels each combination that is not rare keeps its share, of a regression each quarter of "
      "its "
      "targets.");
  fields.choice("assign_by", assign_by, {"row", "content"},
                "Whether a row's split hangs on its place or on its content (equal rows then share a split).");
  fields.text("column", column, "A column that holds train, selection, holdout or test, instead of shares.");
  fields.paths("test_files", test_files, "Files whose rows are the test split, instead of a share.");
  fields.paths("selection_files", selection_files, "Files whose rows are the selection split.");
  fields.paths("holdout_files", holdout_files, "Files whose rows are the holdout split.");
}

namespace {

constexpr const char* kPredictionsFile =
    "A CSV or Parquet file with one row for each row of the data files in their order (data.files, then those that "
    "only data.split names: selection, holdout, test files), as equipoise predict writes it.";

}  // namespace

void StoredDecisionParams::describe(config::Fields& fields) {
  fields.path("predictions", predictions, kPredictionsFile);
  fields.text(
      "column", column,
      "The column of 0 and 1, or of several classes their names: of the predictions ('decision' when left out), or "
      "without a predictions file of the data files. With several labels its name goes before theirs: "
      "'decision_spam'.");
}

void TeacherParams::describe(config::Fields& fields) {
  fields.path("run", run, "The folder of a finished run, whose model scores the rows first.");
  fields.path("predictions", predictions, kPredictionsFile);
  fields.text(
      "column", column,
      "The column of scores from 0 to 1, or of numbers where numbers are predicted: of the predictions ('score', "
      "or 'prediction', when left out), or without a predictions file of the data files. With several classes or "
      "labels its name goes before theirs: 'score_spam'. Only training rows need a score.");
  fields.number("weight", weight, {0, 1, true, false},
                "How much of what a row is taught is the teacher's score; the rest is the label. 1 teaches no label.");
}

void ImageParams::describe(config::Fields& fields) {
  fields.paths(
      "files", files,
      "IDX or .npy files (plain or gzip) of bytes, [rows, height, width] or [rows, channels, height, width]: a picture "
      "for each row of the data files, data.files first, then those that only data.split names: selection, holdout, "
      "test "
      "files.");
  fields.path("folder", folder,
              "Instead of files, the folder in which column names a PNG or JPEG picture for each row; when left out, "
              "that of the data file in which the row stands.");
  fields.text("column", column, "The column of the data files that names each row's picture; no input of the model.");
  fields.integer("channels", channels, between(0, 3),
                 "With column, 1 to read all pictures as grey, 3 as colour, 0 as the first one is.");
}

void DataParams::describe(config::Fields& fields) {
  fields.paths("files", files, "CSV (plain or gzip) or Parquet files with the same columns.", Need::required);
  fields.section("images", images, "Pictures of the rows; the model then sees them and no column.");
  fields.section("csv", csv, "How CSV files are written.");
  fields.section("label", label, "What is predicted.", Need::required);
  fields.list("groups", groups, "The ways to divide people into groups.");
  fields.text("weight", weight, "A column of sample weights.");
  fields.section("stored_decisions", stored_decisions,
                 "The decision that each row had from another model, for the rate churn; no input of this one.");
  fields.section(
      "teacher", teacher,
      "Another model, whose scores of the training rows are taught beside the labels; no input of this one.");
  fields.section("features", features, "What the model sees.");
  fields.section("split", split, "How rows are divided.");
}

}  // namespace equipoise::data
