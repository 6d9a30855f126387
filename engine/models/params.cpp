#include "engine/models/params.h"

namespace equipoise::models {

void ModelParams::describe(config::Fields& fields) {
  fields.choice("kind", kind, {"linear", "mlp"}, "The family of models.");
  fields.integers("hidden", hidden, config::between(1, 65536), "Widths of the hidden layers of an mlp.");
  fields.number("dropout", dropout, {0, 1, false, true},
                "Share of hidden units that are zeroed in training, rounded to 1/256.");
  fields.integer("embedding_size", embedding_size, config::between(1, 1024),
                 "Width of the learned embedding of a category (data.features.categories: embedding).");
}

double multiply_adds(const ModelParams& params, std::int64_t features) {
  double sum = 0, inputs = static_cast<double>(features);
  if (params.kind == "mlp") {
    for (const std::int64_t units : params.hidden) {
      sum += inputs * static_cast<double>(units);
      inputs = static_cast<double>(units);
    }
  }
  return sum + inputs;
}

}  // namespace equipoise::models
