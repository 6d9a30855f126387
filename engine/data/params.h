#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "engine/config/fields.h"
#include "engine/data/task.h"

namespace equipoise::data {

/// How CSV files are written. Parquet files need none of it.
struct CsvParams {
  bool header = true;
  std::vector<std::string> columns;
  std::string delimiter = ",";
  std::string quote = "\"";
  bool trim = true;
  std::vector<std::string> missing = {"", "?", "NA", "N/A", "NaN", "nan", "null", "NULL"};
  std::string skip_rows_starting_with;

  void describe(config::Fields& fields);
};

/// What is predicted.
struct LabelParams {
  static constexpr double kNoNumber = std::numeric_limits<double>::infinity();

  std::string task = "binary";        // name in kTaskNames
  std::string column;                 // but for labels
  std::vector<std::string> columns;   // labels: one each
  std::vector<std::string> positive;  // binary, labels: the values that count as positive
  std::vector<std::string> negative;
  double above = kNoNumber;             // binary, labels: numbers above it count as positive, instead of values
  std::vector<std::string> classes;     // classes: the values, in order; empty: all that occur
  std::vector<double> bins;             // classes: ascending bounds that cut a number, instead of values
  std::vector<std::string> annotators;  // binary, classes: columns of what single people said, in the label's values

  void describe(config::Fields& fields);
  bool operator==(const LabelParams&) const = default;
};

/// The task that a config names, whose reader knows no other names.
Task task_of(const LabelParams& params);

/// One way to divide people into groups: a column, the bins of a number, or the crossing of other groups.
struct GroupParams {
  std::string name;
  std::string column;
  std::vector<double> bins;
  std::vector<std::string> cross;
  bool input = false;  // whether the model sees the column

  /// `name`, or what stands for it: the column, or the crossed names joined by '*'.
  std::string shown_name() const;
  void describe(config::Fields& fields);
};

/// Which columns the model sees, and in which form.
struct FeatureParams {
  std::vector<std::string> keep;
  std::vector<std::string> drop;
  std::map<std::string, std::string> types;  // column -> number | category
  bool groups_as_inputs = false;
  std::string numbers = "piecewise_linear";
  std::int64_t bins = 64;
  std::string categories = "one_hot";
  std::int64_t max_levels = 100;

  void describe(config::Fields& fields);
};

/// How rows are divided into train, selection, holdout and test.
struct SplitParams {
  double test = 0.2;
  double selection = 0.2;
  double holdout = 0.0;
  std::string stratify = "cells";  // cells | label | none
  std::string assign_by = "row";   // row | content
  std::string column;
  std::vector<std::string> test_files;
  std::vector<std::string> selection_files;
  std::vector<std::string> holdout_files;

  void describe(config::Fields& fields);
};

/// The decisions that another model, such as the deployed one, made about the rows.
struct StoredDecisionParams {
  std::string predictions;  // file
  std::string column;

  bool is_named() const { return !predictions.empty() || !column.empty(); }
  void describe(config::Fields& fields);
};

/// Another model whose scores are taught beside the labels: those of a finished run, of a predictions file, or of a column.
struct TeacherParams {
  std::string run;          // folder
  std::string predictions;  // file
  std::string column;
  double weight = 0.5;  // of the teacher; the label's is the rest

  bool is_named() const { return !run.empty() || are_stored(); }
  /// Whether its scores are there before anything is scored.
  bool are_stored() const { return !predictions.empty() || !column.empty(); }
  void describe(config::Fields& fields);
};

/// Pictures of the table's rows: files whose picture i is of its row i, or a file for each row that a column names.
struct ImageParams {
  std::vector<std::string> files;
  std::string folder;  // "" beside a column: that of the data file
  std::string column;
  std::int64_t channels = 0;  // 0: as the first picture

  bool are_named() const { return !files.empty() || !folder.empty() || !column.empty(); }
  /// Files or a folder, as `apply` and --images name them.
  std::vector<std::string> places() const { return folder.empty() ? files : std::vector<std::string>{folder}; }
  void describe(config::Fields& fields);
};

struct DataParams {
  std::vector<std::string> files;
  ImageParams images;
  CsvParams csv;
  LabelParams label;
  std::vector<GroupParams> groups;
  std::string weight;
  StoredDecisionParams stored_decisions;
  TeacherParams teacher;
  FeatureParams features;
  SplitParams split;

  void describe(config::Fields& fields);
};

}  // namespace equipoise::data
