#include "engine/models/xgboost.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "engine/core/error.h"

namespace equipoise::models::xgboost {
namespace {

using Handle = void*;
using Words = const char*;

// XGBoost's C interface (https://xgboost.readthedocs.io/en/stable/c.html), as much as is used: each answers 0, or -1 and last_error().
struct Library {
  Words (*last_error)();
  int (*build_info)(Words* json);
  int (*matrix_from_dense)(Words values, Words config, Handle* matrix);
  int (*set_feature_words)(Handle matrix, Words field, const Words* words, std::uint64_t count);
  int (*set_numbers)(Handle matrix, Words field, Words values);
  int (*free_matrix)(Handle matrix);
  int (*create)(const Handle* matrices, std::uint64_t count, Handle* booster);
  int (*free)(Handle booster);
  int (*set)(Handle booster, Words name, Words value);
  int (*grow)(Handle booster, Handle matrix, int round, Words gradient, Words curvature);
  int (*rounds)(Handle booster, int* rounds);
  int (*predict)(Handle booster, Handle matrix, Words config, const std::uint64_t** shape, std::uint64_t* dimensions,
                 const float** result);
  int (*save_settings)(Handle booster, std::uint64_t* size, Words* json);
  int (*slice)(Handle booster, int begin, int end, int step, Handle* part);
  int (*save)(Handle booster, Words config, std::uint64_t* size, Words* bytes);
  int (*load)(Handle booster, const void* bytes, std::uint64_t size);
};

constexpr Words kName = "libxgboost.so";

core::UserError not_there(const std::string& why) {
  return core::UserError(
      core::Fault::config,
      fmt::format("model.kind: boosted_trees needs XGBoost, and its library {} cannot be loaded ({}); "
                  "scripts/setup.sh adds it",
                  kName, why));
}

// Its own names stay local: RTLD_LOCAL keeps them from all that is loaded later. What it asks of OpenMP is answered by the runtime that
// LibTorch brought, which was there first, so that the process has one set of threads and not two that wait for each other's cores.
const Library& library() {
  static const Library loaded = [] {
    void* file = dlopen(kName, RTLD_NOW | RTLD_LOCAL);
    if (file == nullptr) throw not_there(dlerror());
    Library functions;
    const auto find = [&](auto& function, Words name) {
      void* address = dlsym(file, name);
      if (address == nullptr) throw not_there(fmt::format("it has no {}: another version than 3.2", name));
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(address);
    };
    find(functions.last_error, "XGBGetLastError");
    find(functions.build_info, "XGBuildInfo");
    find(functions.matrix_from_dense, "XGDMatrixCreateFromDense");
    find(functions.set_feature_words, "XGDMatrixSetStrFeatureInfo");
    find(functions.set_numbers, "XGDMatrixSetInfoFromInterface");
    find(functions.free_matrix, "XGDMatrixFree");
    find(functions.create, "XGBoosterCreate");
    find(functions.free, "XGBoosterFree");
    find(functions.set, "XGBoosterSetParam");
    find(functions.grow, "XGBoosterTrainOneIter");
    find(functions.rounds, "XGBoosterBoostedRounds");
    find(functions.predict, "XGBoosterPredictFromDMatrix");
    find(functions.save_settings, "XGBoosterSaveJsonConfig");
    find(functions.slice, "XGBoosterSlice");
    find(functions.save, "XGBoosterSaveModelToBuffer");
    find(functions.load, "XGBoosterLoadModelFromBuffer");
    return functions;
  }();
  return loaded;
}

template <typename Call>
void call(const Call& function) {
  if (function(library()) == 0) return;
  const std::string words = library().last_error();
  throw std::runtime_error("XGBoost: " + words.substr(0, words.find("\nStack trace")));
}

// NumPy's array interface, by which XGBoost reads memory that it does not own.
std::string array_at(const float* values, std::int64_t rows, std::int64_t columns) {
  return fmt::format(R"({{"data":[{},true],"shape":[{},{}],"typestr":"<f4","version":3}})",
                     reinterpret_cast<std::uintptr_t>(values), rows, columns);
}

std::shared_ptr<void> owned(Handle booster) {
  return {booster, [](Handle handle) { library().free(handle); }};
}

void set_all(Handle booster, const std::map<std::string, std::string>& parameters) {
  for (const auto& [name, value] : parameters)
    call([&](const Library& l) { return l.set(booster, name.c_str(), value.c_str()); });
}

}  // namespace

std::string obstacle_to_cuda() {
  static const bool has_cuda = [] {
    Words json = nullptr;
    call([&](const Library& l) { return l.build_info(&json); });
    return nlohmann::json::parse(json).value("USE_CUDA", false);
  }();
  return has_cuda ? ""
                  : "the XGBoost that is installed was built without CUDA (scripts/setup.sh --gpu-trees, and "
                    "scripts/build.sh after it, add one that was built with it)";
}

Matrix::Matrix(const float* values, std::int64_t rows, std::int64_t features, const std::vector<bool>& is_category,
               std::int64_t threads)
    : rows_(rows) {
  Handle matrix = nullptr;
  const std::string array = array_at(values, rows, features),
                    config = fmt::format(R"({{"missing":NaN,"nthread":{}}})", threads);
  call([&](const Library& l) { return l.matrix_from_dense(array.c_str(), config.c_str(), &matrix); });
  handle_ = {matrix, [](Handle handle) { library().free_matrix(handle); }};
  std::vector<Words> kinds;
  for (const bool category : is_category) kinds.push_back(category ? "c" : "q");
  call([&](const Library& l) { return l.set_feature_words(matrix, "feature_type", kinds.data(), kinds.size()); });
}

void Matrix::weigh_columns(const std::vector<float>& weights) {
  const std::string array = fmt::format(R"({{"data":[{},true],"shape":[{}],"typestr":"<f4","version":3}})",
                                        reinterpret_cast<std::uintptr_t>(weights.data()), weights.size());
  call([&](const Library& l) { return l.set_numbers(handle_.get(), "feature_weights", array.c_str()); });
}

namespace {

// Of a file the texts learner.learner_model_param.*; all else is passed over, and not kept.
class ModelParam final : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::int64_t number(const std::string& name) const {
    const auto found = texts_.find(name);
    std::int64_t number = -1;
    if (found != texts_.end())
      std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
    if (number < 0) throw std::runtime_error("its learner_model_param has no " + name);
    return number;
  }

  bool key(string_t& name) override {
    path_.back() = name;
    return true;
  }
  bool start_object(std::size_t) override {
    path_.emplace_back();
    return true;
  }
  bool end_object() override {
    path_.pop_back();
    return true;
  }
  bool string(string_t& text) override {
    if (path_.size() == 3 && path_[0] == "learner" && path_[1] == "learner_model_param") texts_[path_[2]] = text;
    return true;
  }
  bool parse_error(std::size_t byte, const std::string&, const nlohmann::json::exception&) override {
    throw std::runtime_error(fmt::format("it is no UBJSON from byte {} on", byte));
  }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }

 private:
  std::vector<std::string> path_;  // of each object that is open the key that is being read
  std::map<std::string, std::string> texts_;
};

}  // namespace

Widths widths_of(const std::string& bytes) {
  ModelParam param;
  nlohmann::json::sax_parse(bytes, &param, nlohmann::json::input_format_t::ubjson);
  return {param.number("num_feature"),
          std::max({std::int64_t{1}, param.number("num_class"), param.number("num_target")})};
}

Booster::Booster(Handle handle) : handle_(owned(handle)) {}

Booster::Booster(const std::map<std::string, std::string>& parameters) {
  Handle booster = nullptr;
  call([&](const Library& l) { return l.create(nullptr, 0, &booster); });
  handle_ = owned(booster);
  set_all(booster, parameters);
}

Booster::Booster(const std::map<std::string, std::string>& parameters, const std::string& bytes) {
  Handle booster = nullptr;
  call([&](const Library& l) { return l.create(nullptr, 0, &booster); });
  handle_ = owned(booster);
  call([&](const Library& l) { return l.load(booster, bytes.data(), bytes.size()); });
  set_all(booster, parameters);  // a file has none of how it was grown
}

void Booster::grow(const Matrix& rows, const float* gradient, const float* curvature, std::int64_t outputs) {
  const std::string first = array_at(gradient, rows.rows(), outputs),
                    second = array_at(curvature, rows.rows(), outputs);
  const auto round = static_cast<int>(rounds());
  call([&](const Library& l) { return l.grow(handle_.get(), rows.handle(), round, first.c_str(), second.c_str()); });
}

void Booster::margins(const Matrix& rows, float* margins) const {
  const std::uint64_t* shape = nullptr;
  std::uint64_t dimensions = 0;
  const float* result = nullptr;
  constexpr Words kConfig =  // margins of all rounds
      R"({"type":1,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":true})";
  call(
      [&](const Library& l) { return l.predict(handle_.get(), rows.handle(), kConfig, &shape, &dimensions, &result); });
  std::uint64_t count = 1;
  for (std::uint64_t i = 0; i < dimensions; ++i) count *= shape[i];
  std::memcpy(margins, result, count * sizeof(float));
}

void Booster::set_threads(std::int64_t threads) {
  set_all(handle_.get(), {{"nthread", fmt::format("{}", threads)}});
}

Booster Booster::first(std::int64_t rounds) const {
  Handle part = nullptr;
  call([&](const Library& l) { return l.slice(handle_.get(), 0, static_cast<int>(rounds), 1, &part); });
  return Booster(part);
}

std::int64_t Booster::rounds() const {
  int rounds = 0;
  call([&](const Library& l) { return l.rounds(handle_.get(), &rounds); });
  return rounds;
}

// What it set itself to, not what it was asked for.
std::string Booster::setting(const char* section, const char* name) const {
  std::uint64_t size = 0;
  Words json = nullptr;
  call([&](const Library& l) { return l.save_settings(handle_.get(), &size, &json); });
  return nlohmann::json::parse(json, json + size)["learner"][section][name].get<std::string>();
}

std::string Booster::device() const {
  return setting("generic_param", "device");
}

std::string Booster::bytes() const {
  std::uint64_t size = 0;
  Words bytes = nullptr;
  call([&](const Library& l) { return l.save(handle_.get(), R"({"format":"ubj"})", &size, &bytes); });
  return {bytes, size};
}

}  // namespace equipoise::models::xgboost
