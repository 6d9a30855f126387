#include "engine/training/memory.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <new>
#include <regex>
#include <stdexcept>

#include "engine/core/error.h"

namespace equipoise::training {
namespace {

std::string bytes_in_words(double bytes) {
  const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  return fmt::format("{:.4g} {}", bytes, units[unit]);
}

// The first group of the pattern in the text, or "".
std::string found(const std::string& text, const char* pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : "";
}

// The field that says how wide layers are.
const char* width_field(const std::string& kind) {
  if (kind == "convnet") return "channels";
  return kind == "residual_mlp" || kind == "ft_transformer" ? "inner_width" : "hidden";
}

std::string settings(const RunConfig& config, std::size_t members) {
  std::string text = models::grows(config.model)
                         ? "learn from fewer rows"
                         : fmt::format("lower training.batch_size ({})", config.training.batch_size);
  if (!models::grows(config.model) && config.model.kind != "torchscript")
    text += fmt::format(" or model.{}", width_field(config.model.kind));
  if (members > 1)
    text += fmt::format(", or train fewer {} together ({}: bank, multipliers.folds)",
                        models::grows(config.model) ? "models" : "networks", members);
  return text;
}

}  // namespace

// The texts are those of c10's CPU and CUDA allocators, and of XGBoost's on CUDA.
std::string memory_advice(const std::string& what, const RunConfig& config, std::size_t members) {
  const std::string on_host = found(what, "you tried to allocate ([0-9]+) bytes");
  if (!on_host.empty()) {
    return fmt::format("memory ran out: {} more were asked for; {}", bytes_in_words(std::stod(on_host)),
                       settings(config, members));
  }
  if (what.find("std::bad_alloc") != std::string::npos) return "memory ran out; " + settings(config, members);
  const bool is_of_xgboost = what.find("Memory allocation error on worker") != std::string::npos;
  const std::string on_gpu =
      found(what, is_of_xgboost ? "Requested memory: ([0-9.]+ ?[A-Za-z]+)" : "Tried to allocate ([0-9.]+ [A-Za-z]+)");
  if (what.find("CUDA out of memory") == std::string::npos && !is_of_xgboost && on_gpu.empty()) return "";
  const std::string free =
      found(what, is_of_xgboost ? "Free memory: ([0-9.]+ ?[A-Za-z]+)" : "of which ([0-9.]+ [A-Za-z]+) is free");
  return fmt::format("the GPU's memory ran out: {} more were asked for{}; {}", on_gpu.empty() ? "some" : on_gpu,
                     free.empty() ? "" : ", " + free + " are free", settings(config, members));
}

void with_memory_advice(const RunConfig& config, std::size_t members, const std::function<void()>& work) {
  const auto throw_advice_on = [&](const char* what) {
    if (const std::string advice = memory_advice(what, config, members); !advice.empty())
      throw core::UserError(core::Fault::memory, advice);
  };
  try {
    work();
  } catch (const core::UserError&) {
    throw;
  } catch (const c10::Error& error) {
    throw_advice_on(error.what_without_backtrace());
    throw;
  } catch (const std::runtime_error& error) {  // XGBoost's
    throw_advice_on(error.what());
    throw;
  } catch (const std::bad_alloc&) {
    throw core::UserError(core::Fault::memory, "memory ran out; " + settings(config, members));
  }
}

}  // namespace equipoise::training
