// Config trees put together by hand, for what is asked for in another language.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/config/scalars.h"
#include "engine/config/tree.h"

namespace equipoise::sweep {

inline config::Node scalar_node(std::string text, const core::Position& position) {
  config::Node node;
  node.kind = config::Node::Kind::scalar;
  node.text = std::move(text);
  node.position = position;
  return node;
}

inline config::Node list_node(std::vector<config::Node> items, const core::Position& position) {
  config::Node node;
  node.kind = config::Node::Kind::list;
  node.items = std::move(items);
  node.position = position;
  return node;
}

inline config::Node mapping_node(const core::Position& position) {
  config::Node node;
  node.kind = config::Node::Kind::mapping;
  node.position = position;
  return node;
}

inline void put(config::Node& mapping, const std::string& key, config::Node value) {
  const core::Position position = value.position;
  mapping.entries.push_back({key, position, std::move(value)});
}

inline config::Node number_node(double value, const core::Position& position) {
  return scalar_node(config::number_text(value), position);
}

}  // namespace equipoise::sweep
