#include "engine/tracking/event_messages.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

namespace equipoise::tracking {
namespace {

using protozero::pbf_writer;

namespace event {
enum : protozero::pbf_tag_type { wall_time = 1, step = 2, file_version = 3, summary = 5 };
}
namespace summary {
enum : protozero::pbf_tag_type { value = 1 };
}
namespace value {
enum : protozero::pbf_tag_type { tag = 1, simple_value = 2, tensor = 8, metadata = 9 };
}
namespace metadata {
enum : protozero::pbf_tag_type { plugin_data = 1, data_class = 4 };
constexpr int kTensorClass = 2;
}  // namespace metadata
namespace plugin {
enum : protozero::pbf_tag_type { name = 1, content = 2 };
}
namespace tensor {
enum : protozero::pbf_tag_type { dtype = 1, shape = 2, string_val = 8, dimension = 2, size = 1 };
constexpr int kFloatType = 1, kStringType = 7;
}  // namespace tensor
namespace layout {
enum : protozero::pbf_tag_type { version = 1, category = 2 };
}
namespace category {
enum : protozero::pbf_tag_type { title = 1, chart = 2 };
}
namespace chart {
enum : protozero::pbf_tag_type { title = 1, multiline = 2, margin = 3 };
}
namespace margin {
enum : protozero::pbf_tag_type { series = 1, value = 1, lower = 2, upper = 3 };
}
namespace multiline {
enum : protozero::pbf_tag_type { tag = 1 };
}
namespace hparams {
enum : protozero::pbf_tag_type { version = 1, experiment = 2, session_start = 3, session_end = 4 };
}
namespace experiment {
enum : protozero::pbf_tag_type { created = 3, hparam_infos = 4, metric_infos = 5 };
}
namespace hparam_info {
enum : protozero::pbf_tag_type { name = 1, type = 4 };
enum Type { text = 1, truth = 2, number = 3 };
}  // namespace hparam_info
namespace metric_info {
enum : protozero::pbf_tag_type { name = 1, tag_of_name = 2 };
}
namespace session_start {
enum : protozero::pbf_tag_type { hparams = 1, group = 4, started = 5, map_key = 1, map_value = 2 };
}
namespace session_end {
enum : protozero::pbf_tag_type { status = 1, ended = 2 };
enum Status { success = 1, failure = 2 };
}  // namespace session_end
namespace any_value {  // google.protobuf.Value
enum : protozero::pbf_tag_type { number = 2, text = 3, truth = 4 };
}

// Repeated fields are written field after field; `add` gets a writer of one message.
template <typename Add>
std::string message(const Add& add) {
  std::string bytes;
  pbf_writer writer(bytes);
  add(writer);
  return bytes;
}

std::string metadata_of(const char* plugin_name, const std::string& content) {
  return message([&](pbf_writer& writer) {
    writer.add_message(metadata::plugin_data, message([&](pbf_writer& inner) {
                         inner.add_string(plugin::name, plugin_name);
                         inner.add_bytes(plugin::content, content);
                       }));
    writer.add_enum(metadata::data_class, metadata::kTensorClass);
  });
}

std::string setting_value(const nlohmann::json& json) {
  return message([&](pbf_writer& writer) {
    if (json.is_boolean())
      writer.add_bool(any_value::truth, json.get<bool>());
    else if (json.is_number())
      writer.add_double(any_value::number, json.get<double>());
    else
      writer.add_string(any_value::text, json.is_string() ? json.get<std::string>() : json.dump());
  });
}

hparam_info::Type type_of(const nlohmann::json& json) {
  return json.is_boolean() ? hparam_info::truth : json.is_number() ? hparam_info::number : hparam_info::text;
}

// A regular expression for one name alone.
std::string pattern_of(const std::string& name) {
  std::string pattern = "^";
  for (const char letter : name) {
    if (std::string_view("\\^$.|?*+()[]{}").find(letter) != std::string_view::npos) pattern += '\\';
    pattern += letter;
  }
  return pattern + "$";
}

std::string plugin_data(protozero::pbf_tag_type field, const std::string& content) {
  return message([&](pbf_writer& writer) {
    writer.add_int32(hparams::version, 0);
    writer.add_message(field, content);
  });
}

}  // namespace

std::string event_of(double wall_time, std::int64_t step, const std::vector<std::string>& values) {
  return message([&](pbf_writer& writer) {
    writer.add_double(event::wall_time, wall_time);
    writer.add_int64(event::step, step);
    writer.add_message(event::summary, message([&](pbf_writer& inner) {
                         for (const std::string& one : values) inner.add_message(summary::value, one);
                       }));
  });
}

std::string version_event(double wall_time) {
  return message([&](pbf_writer& writer) {
    writer.add_double(event::wall_time, wall_time);
    writer.add_string(event::file_version, "brain.Event:2");
  });
}

std::int64_t step_of_values(std::string_view bytes) {
  std::int64_t step = 0;
  bool has_values = false;
  try {
    protozero::pbf_reader reader(bytes.data(), bytes.size());
    while (reader.next()) {
      if (reader.tag() == event::step) {
        step = reader.get_int64();
      } else {
        has_values = has_values || reader.tag() == event::summary;
        reader.skip();
      }
    }
  } catch (const protozero::exception&) {
    return -1;  // whole by its check, and not ours
  }
  return has_values ? step : -1;
}

std::string scalar_value(const Figure& figure) {
  return message([&](pbf_writer& writer) {
    writer.add_string(value::tag, figure.name);
    writer.add_float(value::simple_value, static_cast<float>(figure.value));
  });
}

std::string layout_value(const std::string& layout) {
  return message([&](pbf_writer& writer) {
    writer.add_string(value::tag, "custom_scalars__config__");
    writer.add_message(value::tensor, message([&](pbf_writer& inner) {
                         inner.add_enum(tensor::dtype, tensor::kStringType);
                         inner.add_message(tensor::shape, std::string());  // a scalar
                         inner.add_bytes(tensor::string_val, layout);
                       }));
    writer.add_message(value::metadata, metadata_of("custom_scalars", ""));
  });
}

std::string hparams_value(const std::string& tag, const std::string& content) {
  return message([&](pbf_writer& writer) {
    writer.add_string(value::tag, tag);
    // What is said is in the metadata; without a tensor, of no elements, TensorBoard does not keep the tag.
    writer.add_message(value::tensor, message([&](pbf_writer& inner) {
                         inner.add_enum(tensor::dtype, tensor::kFloatType);
                         inner.add_message(tensor::shape, message([&](pbf_writer& shape) {
                                             shape.add_message(tensor::dimension, message([&](pbf_writer& dimension) {
                                                                 dimension.add_int64(tensor::size, 0);
                                                               }));
                                           }));
                       }));
    writer.add_message(value::metadata, metadata_of("hparams", content));
  });
}

std::string margin_chart(const std::string& title, const std::vector<Margin>& series) {
  return message([&](pbf_writer& writer) {
    writer.add_string(chart::title, title);
    writer.add_message(chart::margin, message([&](pbf_writer& inner) {
                         for (const Margin& one : series)
                           inner.add_message(margin::series, message([&](pbf_writer& names) {
                                               names.add_string(margin::value, one.value);
                                               names.add_string(margin::lower, one.lower);
                                               names.add_string(margin::upper, one.upper);
                                             }));
                       }));
  });
}

std::string line_chart(const std::string& title, const std::vector<std::string>& curves) {
  return message([&](pbf_writer& writer) {
    writer.add_string(chart::title, title);
    writer.add_message(chart::multiline, message([&](pbf_writer& inner) {
                         for (const std::string& curve : curves) inner.add_string(multiline::tag, pattern_of(curve));
                       }));
  });
}

std::string chart_category(const std::string& title, const std::vector<std::string>& charts) {
  return message([&](pbf_writer& writer) {
    writer.add_string(category::title, title);
    for (const std::string& one : charts) writer.add_message(category::chart, one);
  });
}

std::string chart_layout(const std::vector<std::string>& categories) {
  return message([&](pbf_writer& writer) {
    writer.add_int32(layout::version, 0);
    for (const std::string& one : categories) writer.add_message(layout::category, one);
  });
}

std::string hparams_experiment(double created, const std::vector<Setting>& settings,
                               const std::vector<std::string>& metrics) {
  return plugin_data(hparams::experiment, message([&](pbf_writer& writer) {
                       writer.add_double(experiment::created, created);
                       for (const Setting& setting : settings)
                         writer.add_message(experiment::hparam_infos, message([&](pbf_writer& info) {
                                              info.add_string(hparam_info::name, setting.path);
                                              info.add_enum(hparam_info::type, type_of(setting.value));
                                            }));
                       for (const std::string& metric : metrics)
                         writer.add_message(experiment::metric_infos, message([&](pbf_writer& info) {
                                              info.add_message(metric_info::name, message([&](pbf_writer& name) {
                                                                 name.add_string(metric_info::tag_of_name, metric);
                                                               }));
                                            }));
                     }));
}

std::string hparams_start(const std::string& group, double started, const std::vector<Setting>& settings) {
  return plugin_data(hparams::session_start, message([&](pbf_writer& writer) {
                       for (const Setting& setting : settings)
                         writer.add_message(session_start::hparams, message([&](pbf_writer& entry) {
                                              entry.add_string(session_start::map_key, setting.path);
                                              entry.add_message(session_start::map_value, setting_value(setting.value));
                                            }));
                       writer.add_string(session_start::group, group);
                       writer.add_double(session_start::started, started);
                     }));
}

std::string hparams_end(bool succeeded, double ended) {
  return plugin_data(hparams::session_end, message([&](pbf_writer& writer) {
                       writer.add_enum(session_end::status, succeeded ? session_end::success : session_end::failure);
                       writer.add_double(session_end::ended, ended);
                     }));
}

}  // namespace equipoise::tracking
