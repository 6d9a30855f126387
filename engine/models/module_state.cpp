#include "engine/models/module_state.h"

#include <fmt/format.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <set>

namespace equipoise::models {
namespace {

using torch::jit::Node;

std::string sentence(const std::string& attribute) {
  return fmt::format(
      "changes its attribute '{}' in forward, which is neither a parameter nor a buffer, so that a run that goes on "
      "would not know it, nor the saved model: make it a buffer (register_buffer)",
      attribute);
}

// Whether an attribute of a module is one that checkpoints have.
bool is_kept(const c10::ClassType& type, const std::string& attribute) {
  const auto slot = type.findAttributeSlot(attribute);
  return slot && (type.is_parameter(*slot) || type.is_buffer(*slot));
}

// The attribute that a value is, of a module that does not keep it; "" of any other value.
std::string unkept_attribute(const torch::jit::Value& value) {
  const Node* node = value.node();
  if (node->kind() != torch::jit::prim::GetAttr) return "";
  const auto type = node->inputs()[0]->type()->cast<c10::ClassType>();
  const std::string& name = node->s(torch::jit::attr::name);
  return type != nullptr && type->is_module() && !is_kept(*type, name) ? name : "";
}

// What a node writes into in place.
std::string changed_in_place(const Node& node) {
  const c10::FunctionSchema* schema = node.maybeSchema();
  if (schema == nullptr) return "";
  for (std::size_t i = 0; i < std::min(schema->arguments().size(), node.inputs().size()); ++i) {
    const c10::AliasInfo* alias = schema->arguments()[i].alias_info();
    if (alias == nullptr || !alias->isWrite()) continue;
    if (std::string attribute = unkept_attribute(*node.inputs()[i]); !attribute.empty()) return attribute;
  }
  return "";
}

class Walk {
 public:
  std::optional<std::string> look_at(const torch::jit::Block& block) {
    for (const Node* node : block.nodes()) {
      for (const torch::jit::Block* inner : node->blocks())
        if (auto found = look_at(*inner)) return found;
      if (std::string attribute = changed_in_place(*node); !attribute.empty()) return sentence(attribute);
      const bool sets = node->kind() == torch::jit::prim::SetAttr, calls = node->kind() == torch::jit::prim::CallMethod;
      const auto type = sets || calls ? node->inputs()[0]->type()->cast<c10::ClassType>() : nullptr;
      if (type == nullptr || !type->is_module()) continue;
      const std::string& name = node->s(torch::jit::attr::name);
      if (sets && !is_kept(*type, name)) return sentence(name);
      torch::jit::Function* method = calls ? type->findMethod(name) : nullptr;
      if (method == nullptr || !seen_.insert(method).second) continue;
      if (torch::jit::GraphFunction* graph = torch::jit::tryToGraphFunction(*method))
        if (auto found = look_at(*graph->graph()->block())) return found;
    }
    return std::nullopt;
  }

 private:
  std::set<const torch::jit::Function*> seen_;
};

}  // namespace

std::optional<std::string> state_in_no_checkpoint(const torch::jit::Module& module) {
  return Walk().look_at(*module.get_method("forward").graph()->block());
}

}  // namespace equipoise::models
