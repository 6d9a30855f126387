#include "engine/models/torchscript.h"

#include <ATen/Context.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/op_registration/op_registration.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/runtime/print_handler.h>
#include <torch/csrc/jit/serialization/import.h>

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/models/module_state.h"
#include "engine/models/no_autograd.h"
#include "engine/models/safetensors.h"

namespace equipoise::models {
namespace {

using torch::jit::Module;

constexpr const char* kDropout = "equipoise_models::dropout";
constexpr std::int64_t kLayers = 256;

[[noreturn]] void refuse(const std::string& file, const std::string& what) {
  throw core::UserError(core::Fault::config, fmt::format("model.file: '{}' {}", file, what));
}

// What a module's author wrote: of a traceback the line after it, of any other message the first.
std::string own_words(const std::string& message) {
  std::size_t begin = 0;
  for (const char* head : {"\nRuntimeError: ", "\nbuiltins.", "\ntorch.jit.Error: "}) {
    const std::size_t found = message.rfind(head);
    if (found != std::string::npos) begin = std::max(begin, found + 1);
  }
  std::size_t end = message.find('\n', begin);
  // Some begin with an empty line.
  if (end != std::string::npos && message.find_last_not_of(' ', end - 1) == message.rfind(':', end)) {
    const std::size_t next = message.find_first_not_of(" \n", end);
    if (next != std::string::npos) end = message.find('\n', next);
  }
  std::string words = message.substr(begin, end - begin);
  std::ranges::replace(words, '\n', ' ');
  return words;
}

// Errors of `work` in the name of the file, but those about memory, which have an advice of their own.
template <typename Work>
auto in_words(const std::string& file, const std::string& what, const Work& work) {
  try {
    return work();
  } catch (const core::UserError&) {
    throw;
  } catch (const std::exception& error) {
    const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
    const std::string message = of_torch ? of_torch->what_without_backtrace() : error.what();
    for (const char* about_memory : {"you tried to allocate", "CUDA out of memory"})
      if (message.find(about_memory) != std::string::npos) throw;
    refuse(file, fmt::format("{}: {}", what, own_words(message)));
  }
}

// What dropout inside a module draws by, while a pass of this thread is under way.
struct Drawing {
  const Drops* drop;
  std::int64_t layer;
};
thread_local Drawing* drawing = nullptr;

at::Tensor drop_units(const at::Tensor& x, double rate, bool is_training) {
  if (!is_training || drawing == nullptr) return x;
  if (rate >= 1) return x * 0;
  return drawing->drop->at_rate(rate)(x, drawing->layer++ % kLayers);
}

at::Tensor drop_units_in_place(at::Tensor x, double rate, bool is_training) {
  return x.copy_(drop_units(x, rate, is_training));
}

void register_dropout() {
  using Options = c10::RegisterOperators;
  static const c10::RegisterOperators registry =
      c10::RegisterOperators()
          .op(std::string(kDropout) + "(Tensor x, float rate, bool is_training) -> Tensor",
              Options::options().catchAllKernel<decltype(drop_units), &drop_units>())
          .op(std::string(kDropout) + "_(Tensor(a!) x, float rate, bool is_training) -> Tensor(a!)",
              Options::options().catchAllKernel<decltype(drop_units_in_place), &drop_units_in_place>());
}

// Attention and layers that go along a sequence draw where they have a dropout alone, which the generator's state shows.
bool draws(const torch::jit::Node& node) {
  static const std::set<std::string> with_dropout_alone = {"aten::scaled_dot_product_attention", "aten::gru",
                                                           "aten::lstm", "aten::rnn_tanh", "aten::rnn_relu"};
  if (with_dropout_alone.contains(node.kind().toQualString())) return false;
  const c10::FunctionSchema* schema = node.maybeSchema();
  if (schema == nullptr) return false;
  const auto handle = c10::Dispatcher::singleton().findSchema(schema->operator_name());
  return handle && handle->hasTag(at::Tag::nondeterministic_seeded);
}

[[noreturn]] void refuse_draws(const std::string& file, const std::string& what) {
  refuse(file, "draws random numbers (" + what +
                   "), which a run that goes on would draw anew; dropout (nn.Dropout) is drawn by "
                   "the engine, and nothing else can be");
}

// Dropout becomes the engine's own.
void replace_draws(torch::jit::Block& block, const std::string& file) {
  for (auto at = block.nodes().begin(); at != block.nodes().end();) {
    torch::jit::Node* node = *at;
    ++at;
    for (torch::jit::Block* inner : node->blocks()) replace_draws(*inner, file);
    const std::string name = node->kind().toQualString();
    if (name == "aten::dropout" || name == "aten::dropout_") {
      torch::jit::Node* own = block.owningGraph()->create(
          c10::Symbol::fromQualString(kDropout + std::string(name.ends_with("_") ? "_" : "")), node->inputs(), 1);
      own->insertBefore(node);
      own->output()->copyMetadata(node->output());
      node->output()->replaceAllUsesWith(own->output());
      node->destroy();
    } else if (draws(*node)) {
      refuse_draws(file, name);
    }
  }
}

// Its words and not this program's, whose answer is all that stdout is for: a `print` there would stand beside the JSON of --json.
void print_to_stderr() {
  torch::jit::setPrintHandler([](const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); });
}

Module read(const std::string& file, const at::Device& device) {
  const std::string bytes = core::read_file(file);
  Module module = in_words(file, "is no TorchScript module that can be read (torch.jit.save writes them)", [&] {
    std::istringstream stream(bytes, std::ios::binary);
    return torch::jit::load(stream, at::kCPU);
  });
  if (!module.find_method("forward")) refuse(file, "has no method forward");
  if (const auto changed = state_in_no_checkpoint(module)) refuse(file, *changed);
  register_dropout();
  print_to_stderr();
  for (torch::jit::Function* function : module._ivalue()->compilation_unit()->get_functions())
    if (torch::jit::GraphFunction* graph = torch::jit::tryToGraphFunction(*function))
      replace_draws(*graph->graph()->block(), file);
  module.to(device);
  return module;
}

// A place of a module that holds a tensor.
struct Slot {
  std::size_t module;  // in the order of modules()
  std::size_t attribute;
};

// A tensor of the module, and all places that hold it: tied weights have several.
struct Held {
  std::string name;
  at::Tensor value;
  std::vector<Slot> slots;
  bool is_trained;
};

std::vector<torch::jit::ObjectPtr> objects_of(const Module& module) {
  std::vector<torch::jit::ObjectPtr> objects;
  for (const Module& one : module.modules()) objects.push_back(one._ivalue());
  return objects;
}

// Whether some number is in both. Columns of one matrix lie between each other's, and share none.
bool share_numbers(const at::Tensor& one, const at::Tensor& other) {
  if (!one.storage().is_alias_of(other.storage()) || one.numel() == 0 || other.numel() == 0) return false;
  if (one.element_size() != other.element_size()) return true;
  at::Tensor marks = at::zeros({static_cast<std::int64_t>(one.storage().nbytes() / one.element_size())}, at::kBool);
  marks.as_strided(one.sizes(), one.strides(), one.storage_offset()).fill_(true);
  return marks.as_strided(other.sizes(), other.strides(), other.storage_offset()).any().item<bool>();
}

// As the same numbers in other shapes: each would become a tensor of its own, and the module another.
void refuse_shared(const std::vector<Held>& held, const std::string& name, const at::Tensor& tensor,
                   const std::string& file) {
  for (const Held& other : held)
    if (share_numbers(other.value, tensor))
      refuse(file, fmt::format("has tensors '{}' and '{}' that share memory in other shapes, parts or uses, which the "
                               "engine would cut apart: use the one in forward to make the other",
                               other.name, name));
}

// Trained ones first.
std::vector<Held> tensors_of(const Module& module, const std::string& file) {
  std::vector<Held> trained, kept;
  std::size_t place = 0;
  for (const auto& [name, one] : module.named_modules()) {
    const auto type = one.type();
    for (std::size_t i = 0; i < type->numAttributes(); ++i) {
      const c10::IValue& value = one._ivalue()->getSlot(i);
      if (!value.isTensor() || !value.toTensor().defined() || !(type->is_parameter(i) || type->is_buffer(i))) continue;
      const at::Tensor tensor = value.toTensor();
      const std::string full = (name.empty() ? "" : name + ".") + type->getAttributeName(i);
      if (tensor.layout() != at::kStrided || tensor.is_quantized() || tensor.is_complex())
        refuse(file, fmt::format("has a tensor '{}' that is sparse, quantised or complex", full));
      if (!tensor.is_floating_point() && !tensor.to(at::kFloat).to(tensor.scalar_type()).equal(tensor))
        refuse(file, fmt::format("has a tensor '{}' of whole numbers beyond 16,777,216, which the engine, that keeps "
                                 "tensors as float32, would round: write them as constants into forward",
                                 full));
      const bool is_trained = type->is_parameter(i) && tensor.is_floating_point() && tensor.requires_grad();
      std::vector<Held>& list = is_trained ? trained : kept;
      const auto same = std::ranges::find_if(list, [&](const Held& held) {
        return held.value.numel() > 0 && held.value.data_ptr() == tensor.data_ptr() &&
               held.value.sizes() == tensor.sizes() && held.value.strides() == tensor.strides();
      });
      if (same != list.end()) {
        same->slots.push_back({place, i});
        continue;
      }
      for (const std::vector<Held>& others : {std::cref(trained), std::cref(kept)})
        refuse_shared(others, full, tensor, file);
      list.push_back({full, tensor, {{place, i}}, is_trained});
    }
    ++place;
  }
  if (trained.empty()) refuse(file, "has no parameters that require a gradient, so that there is nothing to train");
  trained.insert(trained.end(), kept.begin(), kept.end());
  return trained;
}

// One member's copies: one that learns, one that scores.
struct Copies {
  Module training, scoring;
  std::vector<torch::jit::ObjectPtr> training_objects, scoring_objects;
};

class Script {
 public:
  Script(const std::string& file, std::int64_t outputs, std::int64_t members, const at::Device& device)
      : file_(file), outputs_(outputs) {
    // oneDNN's convolutions wait for as many threads as there are, and passes are made by one thread each (ModuleLearner::each_task): they would
    // wait for ever.
    if (device.is_cpu()) at::globalContext().setUserEnabledMkldnn(false);
    const Module module = read(file, device);
    held_ = tensors_of(module, file);
    type_ = held_.front().value.scalar_type();
    for (std::int64_t member = 0; member < members; ++member) {
      Copies& own = copies_.emplace_back(Copies{module.deepcopy(), module.deepcopy(), {}, {}});
      own.training.train();
      own.scoring.eval();
      own.training_objects = objects_of(own.training);
      own.scoring_objects = objects_of(own.scoring);
    }
  }

  const std::vector<Held>& held() const { return held_; }

  at::Tensor logits(const Pass& pass) {
    const at::Tensor logits = pass_of(pass);
    if (pass.is_first) check_finite(logits);  // later on it is training that left the finite numbers
    return logits;
  }

  // What it does shows in a first pass of each mode, before any training: of rows of zeros, which a module may well divide by.
  void probe(const std::vector<at::Tensor>& parameters, const at::Tensor& rows) {
    const Drops none;
    {
      const NoAutograd no_autograd;
      pass_of({parameters, rows, none, 0, false});
      pass_of({parameters, rows.narrow(0, 0, 1), none, 0, false});  // as the last rows of a split may be one
    }
    const WithAutograd autograd;
    const at::Tensor logits = pass_of({parameters, rows, none, 0, true});
    std::vector<at::Tensor> trained;
    for (std::size_t i = 0; i < held_.size() && held_[i].is_trained; ++i) trained.push_back(parameters[i]);
    const auto gradients = in_words(file_, "returns logits that no gradient can be taken of", [&] {
      return torch::autograd::grad({logits}, trained, {at::ones_like(logits)}, std::nullopt, false, true);
    });
    for (std::size_t i = 0; i < gradients.size(); ++i)
      if (gradients[i].defined() && gradients[i].layout() != at::kStrided)
        refuse(file_, fmt::format("has sparse gradients of '{}', expected dense ones: nn.Embedding without sparse=True",
                                  held_[i].name));
  }

 private:
  // Tensors of the engine take the places of the module's own, in the module's types.
  at::Tensor pass_of(const Pass& pass) {
    Copies& own = copies_[static_cast<std::size_t>(pass.member)];
    const std::vector<torch::jit::ObjectPtr>& objects = pass.is_training ? own.training_objects : own.scoring_objects;
    for (std::size_t i = 0; i < held_.size(); ++i) {
      at::Tensor value = pass.parameters[i].to(held_[i].value.scalar_type());
      // A pass may write buffers, and those that score are not to change.
      if (!held_[i].is_trained && value.is_same(pass.parameters[i])) value = value.clone();
      for (const Slot& slot : held_[i].slots) objects[slot.module]->setSlot(slot.attribute, value);
    }
    Drawing draws{&pass.drop, 0};
    const at::Tensor before = at::detail::getDefaultCPUGenerator().get_state();
    const at::Tensor rows = pass.rows.to(type_);
    const c10::IValue result = in_words(file_, "throws, given rows " + dtype_and_shape(rows), [&] {
      const torch::jit::GraphOptimizerEnabledGuard as_written(false);
      drawing = &draws;
      struct Ended {
        ~Ended() { drawing = nullptr; }
      } const ended;
      return (pass.is_training ? own.training : own.scoring).forward({rows});
    });
    if (!before.equal(at::detail::getDefaultCPUGenerator().get_state())) refuse_draws(file_, "in forward");
    if (pass.is_training) take_buffers(objects, pass);
    const at::Tensor logits = checked(result, pass.rows.size(0));
    if (pass.is_training && !logits.requires_grad())
      refuse(file_,
             "returns logits that depend on no parameter, so that there is nothing to train: a detach() or "
             "torch.no_grad() in forward cuts them off");
    return logits;
  }

  // Buffers lie in one tensor with what the pass has saved for its gradient, which is not to be counted as changed.
  void take_buffers(const std::vector<torch::jit::ObjectPtr>& objects, const Pass& pass) const {
    const NoAutograd no_autograd;
    for (std::size_t i = 0; i < held_.size(); ++i) {
      if (held_[i].is_trained) continue;
      const at::Tensor value =
          objects[held_[i].slots.front().module]->getSlot(held_[i].slots.front().attribute).toTensor();
      if (value.sizes() != pass.parameters[i].sizes())
        refuse(file_, fmt::format("changes the shape of '{}' in a pass", held_[i].name));
      at::Tensor kept = pass.parameters[i];
      kept.copy_(value.detach());
    }
  }

  at::Tensor checked(const c10::IValue& result, std::int64_t rows) const {
    const std::string expected =
        outputs_ == 1 ? fmt::format("logits [{0}] or [{0}, 1]", rows) : fmt::format("logits [{}, {}]", rows, outputs_);
    if (!result.isTensor())
      refuse(file_, fmt::format("returns {} for {} rows, expected {}", result.tagKind(), rows, expected));
    const at::Tensor logits = result.toTensor();
    if (logits.layout() != at::kStrided)
      refuse(file_, fmt::format("returns a tensor of layout {} for {} rows, expected dense {}",
                                c10::str(logits.layout()), rows, expected));
    const bool fits = (outputs_ == 1 && logits.dim() == 1 && logits.size(0) == rows) ||
                      (logits.dim() == 2 && logits.size(0) == rows && logits.size(1) == outputs_);
    if (!fits || !logits.is_floating_point())
      refuse(file_, fmt::format("returns {} for {} rows, expected {}", dtype_and_shape(logits), rows, expected));
    return logits.to(at::kFloat).reshape({1, rows, outputs_});
  }

  void check_finite(const at::Tensor& logits) const {
    const std::int64_t rows = logits.size(1);
    const at::Tensor finite = logits.detach().isfinite().reshape({rows, outputs_}).all(1);
    const std::int64_t count = rows - finite.sum().item<std::int64_t>();
    if (count == 0) return;
    refuse(file_,
           fmt::format("gives logits that are not finite (NaN or infinite) for {} of the {} rows of the first batch, "
                       "before training has changed anything; expected finite ones from the module as it stands",
                       count, rows));
  }

  std::string file_;
  std::int64_t outputs_;
  std::vector<Held> held_;
  at::ScalarType type_ = at::kFloat;
  std::vector<Copies> copies_;
};

}  // namespace

Architecture torchscript(const std::string& file, const std::vector<std::int64_t>& row, std::int64_t outputs,
                         std::int64_t members, const at::Device& device) {
  const auto script = std::make_shared<Script>(file, outputs, members, device);
  Architecture network;
  network.shape = "'" + std::filesystem::path(file).filename().string() + "'";
  network.reads_rows_alone = false;
  std::vector<at::Tensor> parameters;
  for (const Held& held : script->held()) {
    ParameterShape shape{held.name, held.value.sizes().vec()};
    shape.given = held.value;
    network.parameters.push_back(shape);
    parameters.push_back(held.value.detach().to(at::kFloat, false, true).set_requires_grad(held.is_trained));
    network.buffers += held.is_trained ? 0 : 1;
  }
  network.logits = [script](const Pass& pass) { return script->logits(pass); };
  std::vector<std::int64_t> sizes = {2};
  sizes.insert(sizes.end(), row.begin(), row.end());
  script->probe(parameters, at::zeros(sizes, at::TensorOptions().device(device).dtype(at::kFloat)));
  return network;
}

}  // namespace equipoise::models
