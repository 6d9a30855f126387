#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/values.h"

namespace equipoise::checkpoint {

/// What a run is after a step: tensors on the host, and lists of plain values, all by name.
struct State : Values {
  std::map<std::string, at::Tensor> tensors;
};

/// One walk over what a run holds, for both ways: where it saves, each call copies a value into the state; where it restores, the same call
/// sets the value from it. So what is saved is what is restored, in one function of whoever holds it:
///
///     void Momentum::walk(const StateWalk& walk) { walk.tensor("velocity", velocity_); walk.value("steps", steps_); }
///
/// Restoring throws UserError (data), naming the value, where the state has none of the name or one of another size, shape or dtype.
class StateWalk {
 public:
  /// Copies into `state`, which must outlive the walk.
  static StateWalk saving_into(State& state) { return StateWalk(&state, nullptr, ""); }
  /// Sets from `state`, which must outlive the walk; `source` is what messages call it.
  static StateWalk restoring_from(const State& state, const std::string& source) {
    StateWalk walk(nullptr, &state, "");
    walk.source_ = source;
    return walk;
  }

  bool restores() const { return from_ != nullptr; }
  /// The same walk among the names that begin with `name` and a dot.
  StateWalk under(const std::string& name) const;
  /// under("name.3")
  StateWalk under(const std::string& name, std::size_t place) const {
    return under(name + "." + std::to_string(place));
  }

  /// Whether tensor() has one of this name to restore; where it saves, always.
  bool has(const std::string& name) const;

  /// A tensor that stays where it is, on its device: only its contents are set.
  void tensor(const std::string& name, at::Tensor& tensor) const;
  /// A tensor that may be undefined, and is made anew on `device`.
  void copy(const std::string& name, at::Tensor& tensor, const at::Device& device) const;

  void value(const std::string& name, bool& value) const;
  void value(const std::string& name, std::int64_t& value) const;
  void value(const std::string& name, std::size_t& value) const;
  void value(const std::string& name, double& value) const;
  void value(const std::string& name, std::string& value) const;
  /// NaN stands for none.
  void value(const std::string& name, std::optional<double>& value) const;
  void value(const std::string& name, std::vector<double>& values) const;
  void value(const std::string& name, std::vector<std::optional<double>>& values) const;
  void value(const std::string& name, std::vector<std::int64_t>& values) const;
  void value(const std::string& name, std::vector<bool>& values) const;
  void value(const std::string& name, std::vector<std::string>& values) const;
  /// A list whose size must be what it is already: what the config and the data decide.
  void values_of_same_size(const std::string& name, std::vector<double>& values) const;
  void values_of_same_size(const std::string& name, std::vector<bool>& values) const;

  /// A list of structs, each walked by `each(walk, element)`. Restoring makes it as long as it was.
  template <typename Element, typename Each>
  void list(const std::string& name, std::vector<Element>& elements, Each each) const {
    std::size_t size = elements.size();
    value(name + ".size", size);
    if (restores()) elements.assign(size, Element());
    for (std::size_t i = 0; i < size; ++i) each(under(name, i), elements[i]);
  }

 private:
  StateWalk(State* into, const State* from, std::string prefix)
      : into_(into), from_(from), prefix_(std::move(prefix)) {}

  template <typename Value>
  void list_of(std::map<std::string, std::vector<Value>> Values::*kind, const std::string& name,
               std::vector<Value>& values) const;
  template <typename Value>
  void one_of(std::map<std::string, std::vector<Value>> Values::*kind, const std::string& name, Value& value) const;
  [[noreturn]] void refuse(const std::string& name, const std::string& what) const;

  State* into_;
  const State* from_;
  std::string prefix_, source_;
};

}  // namespace equipoise::checkpoint
