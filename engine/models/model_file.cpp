#include "engine/models/model_file.h"

namespace equipoise::models {

TensorFile weights_of(const Learner& learner) {
  return {learner.tensors(), {{"format", "pt"}}};
}

void load_weights(Learner& learner, const TensorFile& file, const std::string& name) {
  learner.take_tensors(file.tensors, name);
}

}  // namespace equipoise::models
