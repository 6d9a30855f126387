// The matchers of GoogleMock that the tests of this folder use; see gtest/gtest.h beside it.
#pragma once

#include <gtest/gtest.h>

namespace testing {
namespace standin {

template <typename Expected>
struct Element {
  Expected expected;
  template <typename Value>
  bool matches(const Value& value) const {
    if constexpr (requires { expected.matches(value); }) {
      return expected.matches(value);
    } else {
      return value == expected;
    }
  }
  std::string description() const {
    if constexpr (requires { expected.description(); }) {
      return expected.description();
    } else {
      return "is equal to " + PrintToString(expected);
    }
  }
};

struct Substring {
  std::string wanted;
  bool matches(const std::string& text) const { return text.find(wanted) != std::string::npos; }
  std::string description() const { return "has \"" + wanted + "\""; }
};

template <typename... Expected>
struct Elements {
  std::tuple<Element<Expected>...> expected;
  template <typename List>
  bool matches(const List& list) const {
    if (static_cast<std::size_t>(std::distance(std::begin(list), std::end(list))) != sizeof...(Expected)) return false;
    auto value = std::begin(list);
    return std::apply([&](const auto&... each) { return (each.matches(*value++) && ...); }, expected);
  }
  std::string description() const {
    std::ostringstream text;
    text << "has elements that";
    std::apply([&](const auto&... each) { ((text << ' ' << each.description() << ','), ...); }, expected);
    return text.str();
  }
};

template <typename Expected>
struct Opposite {
  Element<Expected> expected;
  template <typename Value>
  bool matches(const Value& value) const {
    return !expected.matches(value);
  }
  std::string description() const { return "not: " + expected.description(); }
};

template <typename Expected>
struct EachElement {
  Element<Expected> expected;
  template <typename List>
  bool matches(const List& list) const {
    for (const auto& value : list) {
      if (!expected.matches(value)) return false;
    }
    return true;
  }
  std::string description() const { return "has only elements that " + expected.description(); }
};

}  // namespace standin

inline standin::Substring HasSubstr(std::string wanted) {
  return {std::move(wanted)};
}
template <typename... Expected>
standin::Elements<Expected...> ElementsAre(Expected... expected) {
  return {{standin::Element<Expected>{expected}...}};
}
template <typename Expected>
standin::Opposite<Expected> Not(Expected expected) {
  return {{expected}};
}
template <typename Expected>
standin::EachElement<Expected> Each(Expected expected) {
  return {{expected}};
}

}  // namespace testing
