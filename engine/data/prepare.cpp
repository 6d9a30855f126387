#include "engine/data/prepare.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/annotations.h"
#include "engine/data/csv_records.h"
#include "engine/data/earlier_run.h"
#include "engine/data/encode_new_rows.h"
#include "engine/data/encoder.h"
#include "engine/data/fit_features.h"
#include "engine/data/images.h"
#include "engine/data/label_checks.h"
#include "engine/data/labels.h"
#include "engine/data/leaks.h"
#include "engine/data/read_files.h"
#include "engine/data/repeats.h"
#include "engine/data/splits.h"
#include "engine/data/stored_decisions.h"
#include "engine/data/strata.h"
#include "engine/data/targets.h"
#include "engine/data/teacher.h"

namespace equipoise::data {
namespace {

[[noreturn]] void refuse(const std::string& field, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, field + ": " + what, origin.of(field));
}

ReadRequest request_of(const DataParams& params, const ColumnRoles& roles) {
  ReadRequest request{tables_of(params), params.csv, {}, {}};
  request.as_text.insert(roles.read_as_text.begin(), roles.read_as_text.end());
  for (const auto& [column, type] : params.features.types) {
    if (type == "category") request.as_text.insert(column);
  }
  return request;
}

void check_columns(const DataParams& params, const ColumnRoles& roles, const Table& table,
                   const config::Origin& origin) {
  if (!params.label.column.empty()) column_named(table, params.label.column, "data.label.column", origin);
  for (std::size_t i = 0; i < params.label.columns.size(); ++i)
    column_named(table, params.label.columns[i], "data.label.columns[" + std::to_string(i) + "]", origin);
  if (!params.weight.empty()) column_named(table, params.weight, "data.weight", origin);
  if (!params.images.column.empty()) column_named(table, params.images.column, "data.images.column", origin);
  check_feature_names(params.features, table, origin);
}

// Whether what a column holds has a say: as an input, or in a role.
bool is_used(const DataParams& params, const std::string& column) {
  const auto contains = [&](const std::vector<std::string>& names) {
    return std::ranges::find(names, column) != names.end();
  };
  if (contains(label_columns(params.label)) || column == params.weight || column == params.split.column) return true;
  if (contains(params.label.annotators)) return true;
  if (const auto stored = decision_rule(params.stored_decisions); stored && stored->in_data)
    if (contains(decision_columns(*stored, params.label))) return true;
  if (std::ranges::find(params.groups, column, &GroupParams::column) != params.groups.end()) return true;
  if (params.images.are_named()) return false;
  return !contains(params.features.drop) && (params.features.keep.empty() || contains(params.features.keep));
}

void warn_of_leaks(const Dataset& dataset, core::Journal& journal) {
  for (const Leak& leak : dataset.leaks) {
    char accuracy[16];
    std::snprintf(accuracy, sizeof accuracy, "%.4f", leak.accuracy);
    const bool of_label = leak.target.starts_with("label");  // of what rows are told, as leaks.h names it
    const std::string target = !of_label                          ? "the grouping '" + leak.target + "'"
                               : dataset.task == Task::regression ? "the quarter in which the label lies"
                                                                  : "the " + leak.target;
    journal.warn("the input '" + leak.feature + "' alone tells " + target + " almost exactly (accuracy " + accuracy +
                 ", averaged over its values): would it be known when the model decides? If not, list it under "
                 "data.features.drop");
  }
}

void check_files(const DataParams& params, const config::Origin& origin) {
  if (params.files.empty()) refuse("data.files", "expected at least one file", origin);
  for (auto file = params.files.begin(); file != params.files.end(); ++file) {
    if (std::find(file + 1, params.files.end(), *file) != params.files.end()) {
      refuse("data.files", "the file " + *file + " is listed twice", origin);
    }
  }
}

void check_csv(const CsvParams& csv, const config::Origin& origin) {
  if (!csv.header && csv.columns.empty()) {
    refuse("data.csv.columns", "needed when data.csv.header is false", origin);
  }
  if (csv.header && !csv.columns.empty()) {
    refuse("data.csv.columns", "the file has a header line (data.csv.header is true); leave one of the two out",
           origin);
  }
  CsvMarks::of(csv, origin);
}

// Scaled by the training rows, or as an earlier run's.
ReadImages images_of_training(const ImageParams& params, const Encoder* earlier, const Table& table, Dataset& dataset,
                              core::Journal& journal) {
  ReadImages read = read_images(params, table, journal);
  if (earlier != nullptr)
    scale_as(*earlier, read.images);
  else
    set_image_scale(read.images, dataset.rows_of(Split::train));
  dataset.files.insert(dataset.files.end(), read.files.begin(), read.files.end());
  for (const Column& column : table.columns)
    dataset.reading.push_back(column.name + (column.name == params.column
                                                 ? ": names the pictures, which the model sees; not an input."
                                                 : ": not an input, for the model sees the pictures."));
  dataset.reading.push_back("pictures: " + size_text(read.images) +
                            ", each channel minus its mean over its deviation in " +
                            (earlier != nullptr ? "the earlier run." : "the training rows."));
  return read;
}

ImageRows shape_of(const ImageRows& images) {
  return {images.channels, images.height, images.width, images.mean, images.deviation, {}};
}

}  // namespace

std::vector<std::string> tables_of(const DataParams& params) {
  std::vector<std::string> files;
  for (const auto* list :
       {&params.files, &params.split.selection_files, &params.split.holdout_files, &params.split.test_files}) {
    for (const std::string& file : *list) {
      if (std::ranges::find(files, file) == files.end()) files.push_back(file);
    }
  }
  return files;
}

std::vector<std::string> files_read(const DataParams& params) {
  std::vector<std::string> files = tables_of(params);
  if (!params.stored_decisions.predictions.empty()) files.push_back(params.stored_decisions.predictions);
  if (!params.teacher.predictions.empty()) files.push_back(params.teacher.predictions);
  files.insert(files.end(), params.images.files.begin(), params.images.files.end());
  return files;
}

void check_params(const DataParams& params, const config::Origin& origin) {
  core::ProblemList problems;
  problems.collect([&] { check_files(params, origin); });
  problems.collect([&] { check_label(params.label, origin); });
  problems.collect([&] { check_csv(params.csv, origin); });
  problems.collect([&] { check_label_beside_groups(params, origin); });
  problems.collect([&] { check_groups(params.groups, origin); });
  problems.collect([&] { check_stored_decisions(params, origin); });
  problems.collect([&] { check_teacher(params, origin); });
  problems.collect([&] { check_kept_names(params.features, roles_of(params), origin); });
  problems.collect([&] { check_splits(params.split, origin); });
  problems.collect([&] { check_images(params, origin); });
  problems.throw_if_any();
}

Prepared prepare(const DataParams& params, std::uint64_t seed, const config::Origin& origin, core::Journal& journal,
                 const Encoder* earlier) {
  check_params(params, origin);
  ColumnRoles roles = roles_of(params);
  ReadRequest request = request_of(params, roles);
  if (earlier != nullptr) request.as_text.merge(categories_of(*earlier));
  Table table = read_files(request, origin, journal);
  check_columns(params, roles, table, origin);
  refuse_infinities(table, [&](const std::string& column) {
    return is_used(params, column) ||
           (earlier != nullptr &&
            std::ranges::find(earlier->features, column, &FeatureRule::column) != earlier->features.end());
  });
  drop_rows_without_label(table, params.label, journal);
  Prepared prepared;
  prepared.rows_as_read = table.rows_as_read;  // encoding empties the table

  auto encoder = std::make_shared<Encoder>();
  encoder->csv = params.csv;
  encoder->label = params.label;
  encoder->weight = params.weight;
  encoder->columns = table.names();

  Dataset& dataset = prepared.dataset;
  make_labels(table, encoder->label, origin, journal, dataset);
  // Classes that the config does not list are known from here on.
  roles.teacher = teacher_columns_of_data(params, dataset.outcomes);
  check_kept_names(params.features, roles, origin);
  if (!params.weight.empty()) dataset.weights = make_weights(table, params.weight);
  dataset.annotators = params.label.annotators;
  dataset.annotations = make_annotations(table, encoder->label, origin);
  Groups groups = make_groups(table, params.groups, origin);
  encoder->groups = std::move(groups.rules);
  warn_of_spellings(table, encoder->groups, journal);
  dataset.groupings = std::move(groups.groupings);
  std::vector<Fingerprint> predictions;
  encoder->stored_decisions = decision_rule(params.stored_decisions);
  if (encoder->stored_decisions) {
    StoredDecisions stored = read_stored_decisions(*encoder->stored_decisions, params.stored_decisions.predictions,
                                                   table, params.label, dataset.outcomes, origin, journal);
    dataset.stored_decisions = std::move(stored.grouping);
    if (stored.file) predictions.push_back(std::move(*stored.file));
  }
  dataset.splits = make_splits(table, params.split, strata_of(dataset, params.split.stratify), seed, origin);
  std::vector<std::string> all_labels = label_columns(params.label);
  all_labels.insert(all_labels.end(), params.label.annotators.begin(), params.label.annotators.end());
  warn_of_repeats(find_repeats(table, dataset.splits, all_labels, {params.split.column}), journal);
  if (params.teacher.are_stored()) {
    TeacherScores teacher = read_teacher(params, table, dataset, origin, journal);
    dataset.teacher = std::move(teacher.scores);
    if (teacher.file) predictions.push_back(std::move(*teacher.file));
  }
  check_labels_of_training(dataset, params.label);
  if (dataset.task == Task::regression) set_target_scale(dataset);
  encoder->target_mean = dataset.target_mean;
  encoder->target_deviation = dataset.target_deviation;
  if (earlier != nullptr) {
    take_over(*earlier, params, roles, table, *encoder, dataset);
  } else if (!params.images.are_named()) {
    FittedFeatures fitted = fit_features(params.features, roles, table, dataset.splits, origin, journal);
    encoder->features = std::move(fitted.rules);
    dataset.reading = std::move(fitted.reading);
  }
  dataset.files = table.files;
  dataset.files.insert(dataset.files.end(), predictions.begin(), predictions.end());
  ReadImages pictures;
  if (params.images.are_named()) pictures = images_of_training(params.images, earlier, table, dataset, journal);
  encoder->images = shape_of(pictures.images);
  encoder->image_column = params.images.column;
  encoder->image_channels = params.images.channels;
  dataset.encoded = earlier != nullptr ? encode_new_rows(*encoder, table, journal) : encode(encoder->features, table);
  dataset.encoded.images = std::move(pictures.images);
  if (dataset.encoded.images.any()) warn_of_repeated_pictures(dataset.encoded.images, dataset.splits, journal);
  dataset.leaks = find_leaks(dataset, encoder->groups, seed);
  warn_of_leaks(dataset, journal);
  prepared.encoder = std::move(encoder);
  return prepared;
}

EncodedRows layout_of(const Encoder& encoder) {
  EncodedRows layout;
  for (const FeatureRule& rule : encoder.features) {
    layout.features.push_back(rule.layout);
    layout.width += rule.layout.width;
  }
  layout.images = encoder.images;
  return layout;
}

}  // namespace equipoise::data
