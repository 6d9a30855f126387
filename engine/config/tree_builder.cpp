#include "engine/config/tree_builder.h"

#include <utility>

namespace equipoise::config {
namespace {

// Whether a quoted text that starts at the first character of `text` ends; yaml-cpp takes the end of the file for the
// closing quote, and so swallows the rest of it.
bool quote_closes(std::string_view text) {
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 >= text.size() || text[i + 1] != '\'') return true;
      ++i;
    }
  }
  return false;
}

bool same_place(const YAML::Mark& a, const YAML::Mark& b) {
  return a.line == b.line && a.column == b.column;
}

}  // namespace

std::string TreeBuilder::unclosed_bracket(char bracket) const {
  const Node::Kind kind = bracket == '[' ? Node::Kind::list : Node::Kind::mapping;
  for (auto open = open_.rbegin(); open != open_.rend(); ++open)
    if (open->flow && open->node.kind == kind)
      return std::to_string(open->node.position.line) + ":" + std::to_string(open->node.position.column);
  return "";
}

void TreeBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (++documents_ == 1) return;
  if (source_.from(mark.line, mark.column).starts_with("---"))
    problem(mark, "a second document starts here: a config is one document");
  else
    problem(mark, "this does not belong to what comes before it: check the indentation");
  throw Stop();
}

void TreeBuilder::OnAnchor(const YAML::Mark& mark, const std::string& name) {
  problem(mark, "anchors (&" + name + ") are not allowed: write the value out where it is needed");
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
  problem(mark, "aliases (*name) are not allowed: write the value out");
  attach(node_at(Node::Kind::refused, mark), mark);
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t) {
  Node node = node_at(Node::Kind::nothing, mark);
  if (!open_.empty() && open_.back().has_key) {
    const Open& mapping = open_.back();
    // The mark of a value that is not there is that of the next token, be it lines below.
    node.position = source_.position(mapping.key_mark.line, mapping.key_mark.column);
    const bool glued_colon = mapping.key.find(':') != std::string::npos;
    // At an unclosed '[' yaml-cpp makes up a mapping, with both marks the same too.
    const bool at_key = same_place(mark, mapping.key_mark);
    const bool lacks_colon = mapping.flow ? glued_colon && !at_key : at_key;
    if (lacks_colon && !mapping.drops_value) {
      problem(mapping.key_mark, "'" + mapping.key + "' has no ': ' and no value" +
                                    (glued_colon ? ": a space must follow the colon" : ""));
      node.kind = Node::Kind::refused;
    }
  }
  attach(std::move(node), mark);
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  refuse_tag(mark, tag);
  refuse_tab(mark);
  Node node = node_at(Node::Kind::scalar, mark);
  node.text = value;
  node.quoted = tag == "!";
  if (starts_with_quote_or_block(mark)) {
    const char first = source_.from(mark.line, mark.column).front();
    if (first == '"' || first == '\'')
      check_closed_quote(mark);
    else if (value.empty())
      problem(mark, std::string("an empty block text: put quotes around a text that starts with '") + first + "'");
  } else if (anchor == 0 && tag == "?") {
    check_plain(mark, value);
  }
  if (value.find('\0') != std::string::npos) {
    problem(mark, "a text must not hold the NUL character (\\0)");
    node.kind = Node::Kind::refused;
  }
  attach(std::move(node), mark);
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                                  YAML::EmitterStyle::value style) {
  open(Node::Kind::list, mark, tag, style);
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                             YAML::EmitterStyle::value style) {
  open(Node::Kind::mapping, mark, tag, style);
}

void TreeBuilder::problem(const YAML::Mark& mark, std::string message) {
  problems_.push_back({std::move(message), source_.position(mark.line, mark.column)});
}

void TreeBuilder::refuse_tag(const YAML::Mark& mark, const std::string& tag) {
  const bool written = source_.from(mark.line, mark.column).starts_with('!');
  if (written || (!tag.empty() && tag != "?" && tag != "!"))
    problem(mark, "tags (!name) are not allowed: put quotes around a text that starts with '!'");
}

void TreeBuilder::refuse_tab(const YAML::Mark& mark) {
  if (mark.line == last_tab_line_ || (!open_.empty() && open_.back().flow)) return;
  const std::string_view line = source_.line(mark.line);
  const std::string_view lead = line.substr(0, line.find_first_not_of(" \t"));
  if (static_cast<std::size_t>(mark.column) != lead.size() || lead.find('\t') == std::string_view::npos) return;
  last_tab_line_ = mark.line;
  problem(mark, std::string(kTabMessage));
}

void TreeBuilder::open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
                       YAML::EmitterStyle::value style) {
  refuse_tag(mark, tag);
  refuse_tab(mark);
  if (open_.size() >= kDeepestNesting) {
    problem(mark, "nested more than " + std::to_string(kDeepestNesting) + " deep");
    throw Stop();
  }
  Open opened;
  opened.node = node_at(kind, mark);
  opened.mark = mark;
  opened.flow = style == YAML::EmitterStyle::Flow;
  open_.push_back(std::move(opened));
}

void TreeBuilder::close() {
  Node node = std::move(open_.back().node);
  const YAML::Mark mark = open_.back().mark;
  open_.pop_back();
  attach(std::move(node), mark);
}

void TreeBuilder::attach(Node node, const YAML::Mark& mark) {
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Open& parent = open_.back();
  if (parent.node.kind == Node::Kind::list) {
    parent.node.items.push_back(std::move(node));
  } else if (!parent.has_key) {
    attach_key(node, mark);
    parent.has_key = true;
  } else {
    if (!parent.drops_value)
      parent.node.entries.push_back(
          {parent.key, source_.position(parent.key_mark.line, parent.key_mark.column), std::move(node)});
    parent.has_key = false;
  }
}

void TreeBuilder::attach_key(const Node& node, const YAML::Mark& mark) {
  Open& mapping = open_.back();
  mapping.key = node.text;
  mapping.key_mark = mark;
  mapping.drops_value = true;
  if (node.kind == Node::Kind::refused) return;
  if (node.kind == Node::Kind::nothing) return problem(mark, "a key is missing here, or is null: write a word");
  if (node.kind != Node::Kind::scalar) return problem(mark, "a key must be a word, not a list or a mapping");
  if (node.text == "<<" && !node.quoted) return problem(mark, "merge keys (<<) are not allowed: write the keys out");
  const auto [first, is_new] = mapping.lines_of_keys.try_emplace(node.text, node.position.line);
  if (!is_new)
    return problem(mark, "the key '" + node.text + "' is here twice (first on line " + std::to_string(first->second) +
                             "): remove one");
  mapping.drops_value = false;
}

bool TreeBuilder::starts_with_quote_or_block(const YAML::Mark& mark) const {
  const std::string_view rest = source_.from(mark.line, mark.column);
  return !rest.empty() && std::string_view("\"'|>").find(rest.front()) != std::string_view::npos;
}

void TreeBuilder::check_closed_quote(const YAML::Mark& mark) {
  if (quote_closes(source_.from(mark.line, mark.column))) return;
  problem(mark, "the quote that opens here is never closed");
  throw Stop();
}

void TreeBuilder::check_plain(const YAML::Mark& mark, const std::string& value) {
  // A folded line break is the only way in which an unquoted text differs from what is written.
  if (source_.from(mark.line, mark.column).starts_with(value)) return;
  problem(mark,
          "an unquoted value goes on over the next line: check the indentation of what follows, or put quotes around "
          "it");
}

Node TreeBuilder::node_at(Node::Kind kind, const YAML::Mark& mark) const {
  Node node;
  node.kind = kind;
  node.position = source_.position(mark.line, mark.column);
  return node;
}

}  // namespace equipoise::config
