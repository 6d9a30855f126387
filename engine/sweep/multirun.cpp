// Hydra's way to ask for many runs on the command line, as far as it means the same here.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/config/scalars.h"
#include "engine/core/nearest_name.h"
#include "engine/sweep/nodes.h"
#include "engine/sweep/request.h"
#include "engine/sweep/rounding.h"

namespace equipoise::sweep {
namespace {

using config::Node;

struct Wrong {
  std::string message;
};

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

// Cut at the commas that stand in no quotes and no brackets.
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  std::string closers;
  char quote = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (quote != 0) {
      if (letter == '\\')
        ++i;
      else if (letter == quote)
        quote = 0;
    } else if (letter == '\'' || letter == '"') {
      quote = letter;
    } else if (letter == '[' || letter == '{' || letter == '(') {
      closers += letter == '[' ? ']' : letter == '{' ? '}' : ')';
    } else if (letter == ']' || letter == '}' || letter == ')') {
      if (closers.empty() || closers.back() != letter) throw Wrong{fmt::format("'{}' closes nothing", letter)};
      closers.pop_back();
    } else if (letter == ',' && closers.empty()) {
      parts.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  if (quote != 0) throw Wrong{fmt::format("the quote {} is not closed", quote)};
  if (!closers.empty()) throw Wrong{fmt::format("'{}' is missing", closers.back())};
  parts.push_back(trimmed(text.substr(begin)));
  return parts;
}

struct Call {
  std::string name;
  std::vector<std::string> arguments;
};

std::optional<Call> call_of(const std::string& text) {
  const std::size_t open = text.find('(');
  if (open == std::string::npos || text.back() != ')') return std::nullopt;
  const std::string name = text.substr(0, open);
  const auto is_letter = [](unsigned char letter) { return std::isalpha(letter) != 0 || letter == '_'; };
  if (name.empty() || !std::ranges::all_of(name, is_letter)) return std::nullopt;
  const std::string inside = trimmed(std::string_view(text).substr(open + 1, text.size() - open - 2));
  return Call{name, inside.empty() ? std::vector<std::string>() : parts_of(inside)};
}

Node element(const std::string& text, const core::Position& position) {
  if (text.empty()) throw Wrong{"a value between commas is empty; an empty text is written \"\""};
  if (std::string_view("[{\"'").find(text.front()) == std::string_view::npos) {
    if (call_of(text)) throw Wrong{fmt::format("'{}' may not stand among other values", text)};
    return scalar_node(text, position);
  }
  std::vector<core::Problem> problems;
  std::optional<Node> node = config::parse_yaml(text, "", problems);
  if (!problems.empty() || !node) throw Wrong{fmt::format("'{}' cannot be read: {}", text, problems.front().message)};
  node->position = position;
  return *std::move(node);
}

Node list_of(const std::vector<std::string>& texts, const core::Position& position) {
  std::vector<Node> items;
  for (const std::string& text : texts) items.push_back(element(text, position));
  return list_node(std::move(items), position);
}

double number(const std::string& text) {
  const auto parsed = config::parse_number(text, config::any());
  if (const auto* value = std::get_if<double>(&parsed)) return *value;
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos) throw Wrong{fmt::format("'{}': arguments are given by place, without a name", text)};
  throw Wrong{std::get<config::Refusal>(parsed).reason};
}

bool is_whole(const std::string& text) {
  return std::holds_alternative<std::int64_t>(config::parse_integer(text, config::Bounds{}));
}

// range(stop), range(start, stop), range(start, stop, step): the stop is not among them.
Node range_of(const std::vector<std::string>& arguments, const core::Position& position) {
  constexpr double kMost = 100000;
  if (arguments.empty() || arguments.size() > 3)
    throw Wrong{"range(start, stop, step) has one, two or three arguments"};
  const double start = arguments.size() == 1 ? 0 : number(arguments[0]);
  const double stop = number(arguments.size() == 1 ? arguments[0] : arguments[1]);
  const double step = arguments.size() == 3 ? number(arguments[2]) : 1;
  const bool whole = std::ranges::all_of(arguments, is_whole);
  if (step == 0) throw Wrong{"the step of a range is not 0"};
  const double count = std::ceil((stop - start) / step - 1e-9);
  if (count < 1) throw Wrong{"the range is empty"};
  if (count > kMost) throw Wrong{fmt::format("the range has more than {} values", kMost)};
  std::vector<Node> items;
  for (double i = 0; i < count; ++i) {
    const double x = by_steps(start, step, i);
    items.push_back(whole ? scalar_node(std::to_string(std::llround(x)), position) : number_node(x, position));
  }
  return list_node(std::move(items), position);
}

Node interval_of(const std::vector<std::string>& arguments, bool is_log, const core::Position& position) {
  if (arguments.size() != 2) throw Wrong{"interval(low, high) has two arguments"};
  Node axis = mapping_node(position);
  put(axis, "range",
      list_node({number_node(number(arguments[0]), position), number_node(number(arguments[1]), position)}, position));
  if (is_log) put(axis, "scale", scalar_node("log", position));
  if (std::ranges::all_of(arguments, is_whole)) put(axis, "whole", scalar_node("true", position));
  return axis;
}

// What varies, or nothing where the text is one value.
std::optional<Node> axis_of(const std::string& text, const core::Position& position) {
  const std::vector<std::string> parts = parts_of(text);
  if (parts.size() > 1) return list_of(parts, position);
  const std::optional<Call> call = call_of(parts.front());
  if (!call) return std::nullopt;
  if (call->name == "choice") {
    if (call->arguments.empty()) throw Wrong{"choice() is empty, so there would be no run"};
    return list_of(call->arguments, position);
  }
  if (call->name == "range") return range_of(call->arguments, position);
  if (call->name == "interval") return interval_of(call->arguments, false, position);
  if (call->name == "tag" && call->arguments.size() == 2 && call->arguments.front() == "log")
    if (const std::optional<Call> inner = call_of(call->arguments.back()); inner && inner->name == "interval")
      return interval_of(inner->arguments, true, position);
  static const std::vector<std::string> known = {"choice", "range", "interval", "tag(log, interval(...))"};
  throw Wrong{fmt::format("'{}(...)' is not known{}; there are {}", call->name, core::did_you_mean(call->name, known),
                          core::listed(known))};
}

void read_word(const std::string& word, SweepParams& params) {
  const core::Position position{"command line: " + word, 0, 0};
  const std::size_t equals = word.find('=');
  // What is appended to a list is one value, and so is what Hydra's ++ says.
  const bool is_added = word.front() == '+' && !word.starts_with("++") && word.find("[]") >= equals;
  const bool is_plain = equals == std::string::npos || word.front() == '~' || (word.front() == '+' && !is_added);
  if (word.starts_with("hydra.") || word.starts_with("+hydra."))
    throw Wrong{"this sets up Hydra itself, which is not here; --folder says where a sweep is written"};
  std::optional<Node> axis = is_plain ? std::nullopt : axis_of(word.substr(equals + 1), position);
  if (!axis) {
    params.set.push_back(word);
    return;
  }
  const std::string field = word.substr(is_added, equals - is_added);
  if (params.axes.find(field) != nullptr) throw Wrong{fmt::format("'{}' varies twice", field)};
  params.axes.entries.push_back({field, position, *std::move(axis)});
}

}  // namespace

Request multirun_request(const std::string& config, const std::vector<std::string>& words) {
  Request request;
  std::error_code error;
  request.params.config = std::filesystem::absolute(config, error).lexically_normal().string();
  request.params.axes = mapping_node({"command line", 0, 0});
  core::ProblemList problems;
  request.text = fmt::format("# equipoise sweep {} -m\n", config);
  for (const std::string& word : words) {
    problems.collect([&] {
      try {
        read_word(word, request.params);
      } catch (const Wrong& wrong) {
        throw core::UserError(core::Fault::config, wrong.message, core::Position{"command line: " + word, 0, 0});
      }
    });
    request.text += "#   " + word + "\n";
  }
  problems.throw_if_any();
  return request;
}

}  // namespace equipoise::sweep
