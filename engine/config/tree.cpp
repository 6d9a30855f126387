#include "engine/config/tree.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <utility>

#include "engine/config/source_text.h"
#include "engine/config/tree_builder.h"

namespace equipoise::config {
namespace {

// What yaml-cpp says, and what it means to who wrote the file.
struct Translation {
  std::string_view scanner;
  std::string_view plain;
};
constexpr Translation kTranslations[] = {
    {"end of sequence flow not found", "a ',' or the closing ']' is missing before this"},
    {"end of map flow not found", "a ',' or the closing '}' is missing before this"},
    {"end of map not found",
     "this does not continue the mapping before it: check the indentation, or put quotes around the whole value"},
    {"end of sequence not found",
     "this does not continue the list before it: check the indentation, or put quotes around the whole value"},
    {"illegal map value",
     "a ':' cannot stand here: check the indentation, or put quotes around a text that holds ': '"},
    {"illegal map key", "a '?' cannot stand here: put quotes around a text that starts with it"},
    {"illegal flow end", "a closing bracket without a matching opening one"},
    {"illegal block entry", "a list item '- ' cannot start here: begin it on its own line, or put quotes around it"},
    {"unknown token", "an unquoted text cannot start with this character: put quotes around it"},
    {"unexpected character in block scalar",
     "only a block text may start with '|' or '>': put quotes around a text that starts with it"},
    {"illegal EOF in scalar", "the quote that opens before this is never closed"},
    {"the referenced anchor is not defined",
     "aliases (*name) are not allowed: write the value out, or put quotes around a text that starts with '*'"},
    {"alias not found after *", "an unquoted text cannot start with '*': put quotes around it"},
    {"anchor not found after &", "an unquoted text cannot start with '&': put quotes around it"},
    {"cannot assign multiple anchors to the same node", "anchors (&name) are not allowed"},
    {"cannot assign multiple tags to the same node", "tags (!name) are not allowed"},
};

std::string in_plain_words(const std::string& message) {
  for (const Translation& translation : kTranslations)
    if (message == translation.scanner) return std::string(translation.plain);
  if (message.starts_with("unknown escape character"))
    return message + ": in double quotes write \\\\ for a backslash, or use single quotes";
  return "this is not YAML: " + message;
}

core::Problem syntax_problem(const YAML::Exception& error, const SourceText& source, const TreeBuilder& builder) {
  if (error.mark.is_null()) return {in_plain_words(error.msg), core::Position{source.file(), 0, 0}};
  const core::Position position = source.position(error.mark.line, error.mark.column);
  const std::string_view line = source.line(error.mark.line);
  const std::string_view lead = line.substr(0, line.find_first_not_of(" \t-?:"));
  if (lead.find('\t') != std::string_view::npos) return {std::string(kTabMessage), position};
  std::string message = in_plain_words(error.msg);
  const std::string unclosed = builder.unclosed_bracket(error.msg == "end of sequence flow not found" ? '[' : '{');
  if (error.msg.ends_with("flow not found") && !unclosed.empty()) message += " (opened at " + unclosed + ")";
  return {message, position};
}

// Directives come before the document, so no event tells of them.
void refuse_directives(const SourceText& source, std::vector<core::Problem>& problems) {
  for (int i = 0; i < source.line_count(); ++i) {
    const std::string_view line = source.line(i);
    if (line.starts_with('%')) problems.push_back({"directives (%YAML, %TAG) are not allowed", source.position(i, 0)});
    const std::size_t content = line.find_first_not_of(" \t");
    if (content != std::string_view::npos && line[content] != '#' && line[content] != '%') return;
  }
}

// False when yaml-cpp gave up.
bool build(const SourceText& source, TreeBuilder& builder, std::vector<core::Problem>& problems) {
  std::istringstream stream{std::string(source.text())};
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const TreeBuilder::Stop&) {
    return false;
  } catch (const YAML::Exception& error) {
    problems.push_back(syntax_problem(error, source, builder));
    return false;
  }
  return true;
}

}  // namespace

const Entry* Node::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

Entry* Node::find(std::string_view key) {
  return const_cast<Entry*>(std::as_const(*this).find(key));
}

std::optional<Node> parse_yaml(std::string_view text, const std::string& file_name,
                               std::vector<core::Problem>& problems) {
  if (text.size() > kLargestConfig) {
    problems.push_back({"the file is larger than 1 MiB (1048576 bytes): a config is a page or two of text",
                        core::Position{file_name, 0, 0}});
    return std::nullopt;
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const SourceText source(text, file_name);
  std::vector<core::Problem> wrong_bytes = byte_problems(source);
  if (!wrong_bytes.empty()) {
    problems.insert(problems.end(), wrong_bytes.begin(), wrong_bytes.end());
    return std::nullopt;
  }
  refuse_directives(source, problems);
  TreeBuilder builder(source, problems);
  if (!build(source, builder, problems)) return std::nullopt;
  return builder.take_root();
}

}  // namespace equipoise::config
