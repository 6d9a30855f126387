#include "engine/data/earlier_run.h"

#include <algorithm>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/encode_new_rows.h"
#include "engine/data/images.h"

namespace equipoise::data {
namespace {

constexpr const char* kEarlier = "the earlier run (training.warm_start)";

// A label that is told otherwise would make outputs that mean something else.
void check_same_label(const Encoder& earlier, const Encoder& own) {
  const LabelParams &before = earlier.label, &now = own.label;
  const auto refuse_label = [&](const std::string& what, const std::string& then, const std::string& here) {
    throw core::UserError(core::Fault::data, std::string(kEarlier) + " learnt another label: its data.label." + what +
                                                 " was " + then + ", and here it is " + here);
  };
  const auto listed = [](const std::vector<std::string>& names) {
    return names.empty() ? std::string("none") : core::listed(names);
  };
  if (before.task != now.task) refuse_label("task", "'" + before.task + "'", "'" + now.task + "'");
  if (before.column != now.column) refuse_label("column", "'" + before.column + "'", "'" + now.column + "'");
  if (before.columns != now.columns) refuse_label("columns", listed(before.columns), listed(now.columns));
  if (before.classes != now.classes) refuse_label("classes", listed(before.classes), listed(now.classes));
  if (before.positive != now.positive) refuse_label("positive", listed(before.positive), listed(now.positive));
  if (before.above != now.above) refuse_label("above", number_text(before.above), number_text(now.above));
  if (before.bins != now.bins) refuse_label("bins", "otherwise", "as it is");
}

// What models saw then they see again; so it must not be what they are not to see now.
void check_roles(const Encoder& earlier, const FeatureParams& params, const ColumnRoles& roles) {
  for (const FeatureRule& rule : earlier.features) {
    const std::string& name = rule.column;
    const bool is_group = std::ranges::find(roles.groups, name) != roles.groups.end();
    const bool is_hidden = role_of(roles, name) != nullptr || (is_group && !params.groups_as_inputs);
    if (is_hidden)
      throw core::UserError(core::Fault::data, std::string(kEarlier) + " saw the column '" + name +
                                                   "', which here is no input but a label, group, weight or the like");
  }
}

void check_pictures(const ImageRows& before, bool are_named, const std::string& now) {
  if (before.any() == are_named) return;
  throw core::UserError(core::Fault::data, std::string("the images of ") + kEarlier + " are " +
                                               (before.any() ? size_text(before) : "none") + ", and here they are " +
                                               now);
}

}  // namespace

void take_over(const Encoder& earlier, const DataParams& params, const ColumnRoles& roles, const Table& table,
               Encoder& encoder, Dataset& dataset) {
  check_same_label(earlier, encoder);
  check_roles(earlier, params.features, roles);
  check_inputs(earlier, table);
  check_pictures(earlier.images, params.images.are_named(), params.images.are_named() ? "in files" : "none");
  encoder.features = earlier.features;
  encoder.target_mean = dataset.target_mean = earlier.target_mean;
  encoder.target_deviation = dataset.target_deviation = earlier.target_deviation;
  if (earlier.images.any()) return;  // no column is an input
  for (const Column& column : table.columns) {
    const bool is_input =
        std::ranges::find(encoder.features, column.name, &FeatureRule::column) != encoder.features.end();
    dataset.reading.push_back(
        column.name + (is_input ? ": an input, encoded as in the earlier run." : ": no input of the earlier run."));
  }
}

void scale_as(const Encoder& earlier, ImageRows& images) {
  if (size_text(earlier.images) != size_text(images))
    throw core::UserError(core::Fault::data, std::string("the images of ") + kEarlier + " are " +
                                                 size_text(earlier.images) + ", and here they are " +
                                                 size_text(images));
  images.mean = earlier.images.mean;
  images.deviation = earlier.images.deviation;
}

}  // namespace equipoise::data
