#include <algorithm>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/encoder.h"
#include "engine/data/prepare.h"
#include "engine/data/read_files.h"
#include "engine/data/targets.h"

namespace equipoise::data {
namespace {

ReadRequest request_of(const Encoder& encoder, const std::vector<std::string>& files) {
  ReadRequest request{files, encoder.csv, {encoder.label.column}, encoder.columns};
  for (const GroupRule& rule : encoder.groups) {
    if (rule.cross.empty() && rule.bins.empty()) request.as_text.insert(rule.column);
  }
  for (const FeatureRule& rule : encoder.features) {
    if (rule.form == FeatureForm::levels) request.as_text.insert(rule.column);
  }
  return request;
}

void check_features(const Encoder& encoder, const Table& table) {
  std::vector<std::string> missing;
  for (const FeatureRule& rule : encoder.features) {
    if (table.find(rule.column) == nullptr) missing.push_back(rule.column);
  }
  if (missing.empty()) return;
  throw core::UserError(core::Fault::data,
                        "the model needs columns that are not there: " + core::listed(missing, 60) +
                            core::did_you_mean(missing.front(), table.names()) + "; the columns are " +
                            core::listed(table.names(), 60),
                        core::Position{table.files.front().path, 0, 0});
}

bool has_labels(const Encoder& encoder, const Table& table, const ApplyOptions& options) {
  const bool there = table.find(encoder.label.column) != nullptr;
  if (there || !options.label_required) return there;
  throw core::UserError(core::Fault::data,
                        "the label column '" + encoder.label.column + "' is not there" +
                            core::did_you_mean(encoder.label.column, table.names()) + "; the columns are " +
                            core::listed(table.names(), 60),
                        core::Position{table.files.front().path, 0, 0});
}

// Rows without a label cannot be measured, but they can be predicted: then no label counts, so that no row is lost.
std::vector<std::uint8_t> labels_of(const Encoder& encoder, Table& table, const ApplyOptions& options,
                                    core::Journal& journal) {
  if (!has_labels(encoder, table, options)) return {};
  if (options.label_required) {
    drop_rows_without_label(table, encoder.label.column, journal);
  } else {
    const auto codes = CategoryView(table, *table.find(encoder.label.column)).codes(table);
    const auto missing = std::ranges::count(codes, kMissingCode);
    if (missing == table.rows()) return {};
    if (missing > 0) {
      journal.warn(std::to_string(missing) + " of " + std::to_string(table.rows()) + " rows have no label in column '" +
                   encoder.label.column + "': no label is used");
      return {};
    }
  }
  return apply_labels(table, encoder.label);
}

void warn_of_unknown_levels(const std::vector<Grouping>& groupings, core::Journal& journal) {
  for (const Grouping& grouping : groupings) {
    const auto unknown = std::ranges::count(grouping.codes, kUnknownLevel);
    if (unknown == 0) continue;
    journal.warn(std::to_string(unknown) + (unknown == 1 ? " row has" : " rows have") + " a level of the grouping '" +
                 grouping.name + "' that training never saw, and " + (unknown == 1 ? "is" : "are") +
                 " left out of what is measured by it; known are " + core::listed(grouping.levels));
  }
}

}  // namespace

Dataset apply(const Encoder& encoder, const std::vector<std::string>& files, const ApplyOptions& options,
              core::Journal& journal) {
  if (files.empty()) throw core::UserError(core::Fault::data, "no file was given");
  Table table = read_files(request_of(encoder, files), config::Origin(), journal);
  check_features(encoder, table);
  Dataset dataset;
  dataset.labels = labels_of(encoder, table, options, journal);
  if (!encoder.weight.empty() && table.find(encoder.weight) != nullptr) {
    dataset.weights = make_weights(table, encoder.weight);
  }
  dataset.groupings = make_groupings(table, encoder.groups, options.groups_required);
  warn_of_unknown_levels(dataset.groupings, journal);
  dataset.splits.assign(static_cast<std::size_t>(table.rows()), Split::test);
  dataset.files = table.files;
  for (const Column& column : table.columns) dataset.reading.push_back(column.name + ": " + name_of(column.kind) + ".");
  dataset.encoded = encode(encoder.features, table);
  return dataset;
}

}  // namespace equipoise::data
