#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tracking/figures.h"

namespace equipoise::tracking {

/// TensorBoard's messages, in the wire format of protocol buffers. Field numbers are those of event.proto, summary.proto,
/// tensor.proto (tensorboard/compat/proto), plugins/hparams/api.proto and plugin_data.proto and plugins/custom_scalar/layout.proto
/// of TensorBoard 2.21. Each function returns one serialised message.

/// An event of summary values at a step.
std::string event_of(double wall_time, std::int64_t step, const std::vector<std::string>& values);
/// The first event of a file.
std::string version_event(double wall_time);
/// The step that an event stands at; -1 where its bytes are no event with summary values.
std::int64_t step_of_values(std::string_view event);

/// A point of a curve.
std::string scalar_value(const Figure& figure);
/// A serialised message that a plugin reads: custom_scalars as a tensor, hparams as the plugin's own data.
std::string layout_value(const std::string& layout);
std::string hparams_value(const std::string& tag, const std::string& plugin_data);

/// A chart of TensorBoard's custom scalars.
struct Margin {
  std::string value, lower, upper;  ///< names of curves
};
std::string margin_chart(const std::string& title, const std::vector<Margin>& series);
/// Curves by their whole names.
std::string line_chart(const std::string& title, const std::vector<std::string>& curves);
std::string chart_category(const std::string& title, const std::vector<std::string>& charts);
std::string chart_layout(const std::vector<std::string>& categories);

/// What the hparams table has columns of, for all runs in a folder.
std::string hparams_experiment(double created, const std::vector<Setting>& settings,
                               const std::vector<std::string>& metrics);
std::string hparams_start(const std::string& group, double started, const std::vector<Setting>& settings);
std::string hparams_end(bool succeeded, double ended);

}  // namespace equipoise::tracking
