#include <algorithm>
#include <filesystem>
#include <set>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/carried.h"
#include "engine/data/encode_new_rows.h"
#include "engine/data/encoder.h"
#include "engine/data/images.h"
#include "engine/data/labels.h"
#include "engine/data/prepare.h"
#include "engine/data/read_files.h"
#include "engine/data/stored_decisions.h"
#include "engine/data/targets.h"

namespace equipoise::data {
namespace {

ReadRequest request_of(const Encoder& encoder, const std::vector<std::string>& files) {
  ReadRequest request{files, encoder.csv, {}, encoder.columns};
  const std::vector<std::string> labels = label_columns(encoder.label);
  if (!is_by_number(encoder.label)) request.as_text.insert(labels.begin(), labels.end());
  for (const GroupRule& rule : encoder.groups) {
    if (rule.cross.empty() && rule.bins.empty()) request.as_text.insert(rule.column);
  }
  if (!encoder.image_column.empty()) request.as_text.insert(encoder.image_column);
  request.as_text.merge(categories_of(encoder));
  return request;
}

std::set<std::string> columns_used(const Encoder& encoder, Wanted wanted) {
  std::set<std::string> used;
  if (wanted != Wanted::people) {
    for (const FeatureRule& rule : encoder.features) used.insert(rule.column);
    used.insert(encoder.image_column);
  }
  if (wanted == Wanted::inputs) return used;
  for (const GroupRule& rule : encoder.groups) used.insert(rule.column);
  if (wanted == Wanted::groups) return used;
  const std::vector<std::string> labels = label_columns(encoder.label);
  used.insert(labels.begin(), labels.end());
  used.insert(encoder.weight);
  if (encoder.stored_decisions && encoder.stored_decisions->in_data)
    for (const std::string& column : decision_columns(*encoder.stored_decisions, encoder.label)) used.insert(column);
  return used;
}

// What measuring needs besides the inputs; deciding by groups, these alone.
void check_targets(const Encoder& encoder, const Table& table, Wanted wanted) {
  const auto require = [&](const std::string& column, const char* what) {
    if (column.empty() || table.find(column) != nullptr) return;
    throw core::UserError(core::Fault::data,
                          std::string("the ") + what + " column '" + column + "' is not there" +
                              core::did_you_mean(column, table.names()) + columns_text(table),
                          core::Position{table.files.front().path, 0, 0});
  };
  if (wanted == Wanted::groups) {
    for (const GroupRule& rule : encoder.groups) require(rule.column, "group");
    return;
  }
  for (const std::string& column : label_columns(encoder.label)) require(column, "label");
  require(encoder.weight, "weight");
  if (encoder.stored_decisions && encoder.stored_decisions->in_data)
    for (const std::string& column : decision_columns(*encoder.stored_decisions, encoder.label))
      require(column, "stored decisions'");
  for (const GroupRule& rule : encoder.groups) require(rule.column, "group");
}

void check_image_column(const Encoder& encoder, const Table& table) {
  const std::string& column = encoder.image_column;
  if (column.empty() || table.find(column) != nullptr) return;
  throw core::UserError(core::Fault::data,
                        "the column '" + column + "', which names the pictures, is not there" +
                            core::did_you_mean(column, table.names()) + columns_text(table),
                        core::Position{table.files.front().path, 0, 0});
}

void warn_of_unknown_levels(const std::vector<Grouping>& groupings, core::Journal& journal) {
  for (const Grouping& grouping : groupings) {
    const auto missing = static_cast<std::int64_t>(grouping.rows_without.size());
    const auto warn = [&](std::int64_t rows, const std::string& what) {
      if (rows == 0) return;
      journal.warn(std::to_string(rows) + (rows == 1 ? " row has " : " rows have ") + what + ", and " +
                   (rows == 1 ? "is" : "are") + " counted as a level that cannot be measured; known are " +
                   core::listed(grouping.levels));
    };
    warn(std::ranges::count(grouping.codes, kUnknownLevel) - missing,
         "a level of the grouping '" + grouping.name + "' that training never saw");
    warn(missing, "no value in the grouping '" + grouping.name + "', where no training row was without");
  }
}

// A file that nothing would be read from was given by mistake.
void check_predictions(const Encoder& encoder, const std::string& predictions) {
  if (predictions.empty()) return;
  const std::string what = "the predictions file '" + predictions + "' was given, but ";
  if (!encoder.stored_decisions)
    throw core::UserError(core::Fault::config, what + "training had no stored decisions (data.stored_decisions)");
  if (encoder.stored_decisions->in_data)
    throw core::UserError(core::Fault::config, what + "stored decisions are the column '" +
                                                   encoder.stored_decisions->column + "' of the data files themselves");
}

StoredDecisions stored_decisions(const Encoder& encoder, const std::string& predictions, const Table& table,
                                 const std::vector<std::string>& outcomes, core::Journal& journal) {
  const DecisionRule& rule = *encoder.stored_decisions;
  if (rule.in_data || !predictions.empty())
    return read_stored_decisions(rule, predictions, table, encoder.label, outcomes, config::Origin(), journal);
  journal.warn(
      "the stored decisions of these rows are not known, so nothing can be said of churn on them: those of the "
      "training rows came from a predictions file, and none was given for these");
  return {unknown_decisions(encoder.label, outcomes), {}};
}

// Where those of new rows are, named as --images names them.
ImageParams images_from(const Encoder& encoder, const std::vector<std::string>& named) {
  if (encoder.image_column.empty()) return {named, "", "", 0};
  return {{}, named.empty() ? "" : named.front(), encoder.image_column, encoder.image_channels};
}

// Those of new rows, with the scale of the training rows.
ImageRows images_of_new_rows(const Encoder& encoder, const std::vector<std::string>& named, const Table& table,
                             Dataset& dataset, core::Journal& journal) {
  ReadImages read = read_images(images_from(encoder, named), table, journal);
  if (size_text(read.images) != size_text(encoder.images))
    throw core::UserError(
        core::Fault::data,
        "its pictures are " + size_text(read.images) + ", and the model was trained on " + size_text(encoder.images),
        core::Position{read.files.front().path, 0, 0});
  read.images.mean = encoder.images.mean;
  read.images.deviation = encoder.images.deviation;
  dataset.files.insert(dataset.files.end(), read.files.begin(), read.files.end());
  return std::move(read.images);
}

// Files of pictures, or one folder, as the training had them.
void check_images_named(const Encoder& encoder, const std::vector<std::string>& named) {
  const auto refuse = [](const std::string& what) { throw core::UserError(core::Fault::config, what); };
  if (!encoder.images.any()) {
    if (!named.empty()) refuse("--images names '" + named.front() + "', but the model was trained on columns alone");
    return;
  }
  const bool in_files = encoder.image_column.empty();
  if (in_files && named.empty())
    refuse("the model sees pictures, " + size_text(encoder.images) + "; name those of these rows with --images FILE");
  if (!in_files && named.size() > 1)
    refuse("--images names " + core::listed(named) + "; expected one folder, that of the pictures which the column '" +
           encoder.image_column + "' names");
  for (const std::string& path : named) {
    std::error_code error;
    const bool is_folder = std::filesystem::is_directory(path, error);
    if (in_files && is_folder)
      refuse("--images names '" + path + "', a folder; expected files of pictures, as the training had");
    if (!in_files && !is_folder)
      refuse("--images names '" + path + "', which is no folder; expected that of the pictures which the column '" +
             encoder.image_column + "' names");
  }
}

}  // namespace

Dataset apply(const Encoder& encoder, const std::vector<std::string>& files, Wanted wanted, core::Journal& journal,
              const std::string& predictions, const std::vector<std::string>& images, Carried* carried) {
  if (files.empty()) throw core::UserError(core::Fault::data, "no file was given");
  const bool has_inputs = wanted != Wanted::people;
  if (has_inputs) check_images_named(encoder, images);
  check_predictions(encoder, predictions);
  ReadRequest request = request_of(encoder, files);
  const std::set<std::string> used = columns_used(encoder, wanted);
  request.used = used;
  // As they are spelt: 007 is no 7. What the model reads is read as ever.
  if (carried != nullptr)
    for (const std::string& name : carried->names)
      if (!used.contains(name)) request.as_text.insert(name);
  Table table = read_files(request, config::Origin(), journal);
  if (carried != nullptr) check_names(*carried, table);
  if (has_inputs) {
    check_inputs(encoder, table);
    check_image_column(encoder, table);
  }
  refuse_infinities(table, [&](const std::string& column) { return used.contains(column); });
  Dataset dataset;
  dataset.files = table.files;
  set_task(encoder, dataset);
  if (wanted == Wanted::groups) {
    check_targets(encoder, table, wanted);
    dataset.groupings = make_groupings(table, encoder.groups);
    warn_of_unknown_levels(dataset.groupings, journal);
  }
  if (wanted == Wanted::everything || wanted == Wanted::people) {
    check_targets(encoder, table, wanted);
    drop_rows_without_label(table, encoder.label, journal);
    apply_labels(table, encoder.label, dataset);
    if (!encoder.weight.empty()) dataset.weights = make_weights(table, encoder.weight);
    dataset.groupings = make_groupings(table, encoder.groups);
    warn_of_unknown_levels(dataset.groupings, journal);
    if (encoder.stored_decisions && has_inputs) {
      StoredDecisions stored = stored_decisions(encoder, predictions, table, dataset.outcomes, journal);
      dataset.stored_decisions = std::move(stored.grouping);
      if (stored.file) dataset.files.push_back(std::move(*stored.file));
    }
  }
  if (carried != nullptr) carry(table, *carried);
  dataset.splits.assign(static_cast<std::size_t>(table.rows()), Split::test);
  for (const Column& column : table.columns) dataset.reading.push_back(column.name + ": " + name_of(column.kind) + ".");
  if (!has_inputs) {
    dataset.encoded.rows = table.rows();
    return dataset;
  }
  ImageRows pictures;
  if (encoder.images.any()) pictures = images_of_new_rows(encoder, images, table, dataset, journal);
  dataset.encoded = encode_new_rows(encoder, table, journal);
  dataset.encoded.images = std::move(pictures);
  return dataset;
}

}  // namespace equipoise::data
