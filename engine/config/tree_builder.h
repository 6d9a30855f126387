#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/config/source_text.h"
#include "engine/config/tree.h"

namespace equipoise::config {

constexpr std::string_view kTabMessage = "a tab as indentation: use spaces";

/// Turns yaml-cpp's events into a Node, and is the guard in front of it: what a config may not hold is refused as its
/// event arrives, so that no alias is ever followed and nothing is nested deeper than kDeepestNesting.
class TreeBuilder : public YAML::EventHandler {
 public:
  /// Thrown out of the parser when going on makes no sense; the problem is listed by then.
  struct Stop {};

  TreeBuilder(const SourceText& source, std::vector<core::Problem>& problems) : source_(source), problems_(problems) {}

  Node take_root() { return std::move(root_); }
  /// "line:column" of the innermost '[' or '{' that is still open, or "".
  std::string unclosed_bracket(char bracket) const;

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override;
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }

 private:
  // A list or mapping that is not closed yet.
  struct Open {
    Node node;
    YAML::Mark mark;
    bool flow = false;
    bool has_key = false;      // of a mapping: the next node is a value
    bool drops_value = false;  // the value belongs to a key that was refused
    std::string key;
    YAML::Mark key_mark;
    std::unordered_map<std::string, int> lines_of_keys;
  };

  void problem(const YAML::Mark& mark, std::string message);
  void refuse_tag(const YAML::Mark& mark, const std::string& tag);
  void refuse_tab(const YAML::Mark& mark);
  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::EmitterStyle::value style);
  void close();
  void attach(Node node, const YAML::Mark& mark);
  void attach_key(const Node& node, const YAML::Mark& mark);
  bool starts_with_quote_or_block(const YAML::Mark& mark) const;
  void check_closed_quote(const YAML::Mark& mark);
  void check_plain(const YAML::Mark& mark, const std::string& value);
  Node node_at(Node::Kind kind, const YAML::Mark& mark) const;

  const SourceText& source_;
  std::vector<core::Problem>& problems_;
  Node root_;
  std::vector<Open> open_;
  int documents_ = 0;
  int last_tab_line_ = -1;
};

}  // namespace equipoise::config
