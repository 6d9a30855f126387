// Stands in for GoogleTest where it is not installed: the part of it that the tests of this folder use, under its names,
// so that the same files run on a machine with nothing but a compiler and torch. What is not here does not compile there;
// a test that builds kernels/ alone says so (tests/scripts/kernels_alone_test.py). Documentation: GoogleTest's own.
#pragma once

#include <cmath>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace testing {

template <typename T>
std::string PrintToString(const T& value) {
  std::ostringstream text;
  if constexpr (requires { text << value; }) {
    text << std::boolalpha << value;
  } else if constexpr (requires { value.begin(), value.end(); }) {
    text << "{ ";
    for (const auto& element : value) text << PrintToString(element) << ' ';
    text << '}';
  } else {
    text << sizeof(T) << "-byte object";
  }
  return text.str();
}

class Message {
 public:
  template <typename T>
  Message& operator<<(const T& value) {
    text_ << value;
    return *this;
  }
  Message& operator<<(std::ostream& (*manipulator)(std::ostream&)) {
    text_ << manipulator;
    return *this;
  }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
};

class Test {
 public:
  virtual ~Test() = default;
  virtual void SetUp() {}
  virtual void TearDown() {}
  virtual void TestBody() = 0;

 protected:
  void RecordProperty(const std::string&, const std::string&) {}
};

template <typename T>
struct TestParamInfo {
  T param;
  std::size_t index;
};

template <typename T>
class TestWithParam : public Test {
 public:
  using ParamType = T;
  static const T& GetParam() { return *current(); }
  static const T*& current() {
    static const T* value = nullptr;
    return value;
  }
};

namespace standin {

// One case: "Suite.Name", or "Instantiation/Suite.Name/3" with a parameter.
struct Case {
  std::string name;
  std::function<std::unique_ptr<Test>()> make;
};
void add_case(Case added);
// Cases with parameters are known only when every file's tables are filled.
void add_later(std::function<void()> expansion);

void report_failure(const char* file, int line, const std::string& text);
void report_skip(const std::string& text);

// What an assertion came to; empty text means it holds.
struct Verdict {
  bool holds;
  std::string text;
  explicit operator bool() const { return holds; }
};

// Takes the words streamed behind an assertion; operator= so that they are read first.
struct Failure {
  const char* file;
  int line;
  std::string text;
  void operator=(const Message& words) const {
    const std::string added = words.text();
    report_failure(file, line, added.empty() ? text : text + "\n" + added);
  }
};
struct Skip {
  void operator=(const Message& words) const { report_skip(words.text()); }
};

struct Trace {
  explicit Trace(std::string text);
  ~Trace();
};

template <typename A, typename B, typename Compare>
Verdict compared(const char* a_text, const char* sign, const char* b_text, const A& a, const B& b, Compare compare) {
  if (compare(a, b)) return {true, ""};
  return {false, std::string("expected ") + a_text + " " + sign + " " + b_text + ", got " + PrintToString(a) + " and " +
                     PrintToString(b)};
}

inline Verdict truth(const char* text, bool value, bool wanted) {
  return {value == wanted, std::string("expected ") + (wanted ? "" : "not ") + text};
}

inline Verdict within(const char* a_text, const char* b_text, double a, double b, double bound) {
  if (std::fabs(a - b) <= bound) return {true, ""};
  std::ostringstream text;
  text.precision(17);
  text << a_text << " is " << a << ", " << b_text << " is " << b << ", expected within " << bound;
  return {false, text.str()};
}

// At most four representable numbers apart, as GoogleTest means it.
template <typename Float>
Verdict almost_equal(const char* a_text, const char* b_text, Float a, Float b) {
  Float low = std::fmin(a, b), high = std::fmax(a, b);
  for (int step = 0; step < 4 && low < high; ++step) low = std::nextafter(low, high);
  if (!std::isnan(a) && !std::isnan(b) && low >= high) return {true, ""};
  return compared(a_text, "about", b_text, a, b, [](Float, Float) { return false; });
}

template <typename Exception, typename Call>
Verdict throws(const char* text, Call&& call) {
  try {
    call();
  } catch (const Exception&) {
    return {true, ""};
  } catch (...) {
    return {false, std::string(text) + " threw another type"};
  }
  return {false, std::string(text) + " threw nothing"};
}

template <typename Value, typename Matcher>
Verdict matched(const char* text, const Value& value, const Matcher& matcher) {
  if (matcher.matches(value)) return {true, ""};
  return {false, std::string(text) + " is " + PrintToString(value) + ", expected one that " + matcher.description()};
}

// A parametrised suite: its cases and its instantiations, which may come in any order.
template <typename Suite>
struct Parametrised {
  using Parameter = typename Suite::ParamType;
  struct Body {
    std::string suite, name;
    std::function<std::unique_ptr<Test>()> make;
  };
  static std::vector<Body>& bodies() {
    static std::vector<Body> all;
    return all;
  }
  template <typename Generator, typename Name>
  static bool instantiate(const std::string& prefix, const Generator& generator, Name&& name) {
    auto values = std::make_shared<const std::vector<Parameter>>(generator.template list<Parameter>());
    add_later([prefix, values, name] {
      for (const Body& body : bodies()) {
        for (std::size_t index = 0; index < values->size(); ++index) {
          const Parameter* value = &(*values)[index];
          add_case({prefix + "/" + body.suite + "." + body.name + "/" + name(TestParamInfo<Parameter>{*value, index}),
                    [values, value, make = body.make] {
                      Suite::current() = value;
                      return make();
                    }});
        }
      }
    });
    return true;
  }
  template <typename Generator>
  static bool instantiate(const std::string& prefix, const Generator& generator) {
    return instantiate(prefix, generator, [](const auto& info) { return std::to_string(info.index); });
  }
};

template <typename... T>
struct ValueList {
  std::tuple<T...> values;
  template <typename Parameter>
  std::vector<Parameter> list() const {
    return std::apply([](const T&... each) { return std::vector<Parameter>{static_cast<Parameter>(each)...}; }, values);
  }
};

template <typename T>
struct Container {
  std::vector<T> values;
  template <typename Parameter>
  std::vector<Parameter> list() const {
    return {values.begin(), values.end()};
  }
};

template <typename... Generators>
struct Product {
  std::tuple<Generators...> generators;
  template <typename Parameter>
  std::vector<Parameter> list() const {
    std::vector<Parameter> result;
    Parameter current;
    extend<Parameter, 0>(current, result);
    return result;
  }

 private:
  template <typename Parameter, std::size_t kPlace>
  void extend(Parameter& current, std::vector<Parameter>& result) const {
    if constexpr (kPlace == sizeof...(Generators)) {
      result.push_back(current);
    } else {
      using Element = std::tuple_element_t<kPlace, Parameter>;
      for (const Element& value : std::get<kPlace>(generators).template list<Element>()) {
        std::get<kPlace>(current) = value;
        extend<Parameter, kPlace + 1>(current, result);
      }
    }
  }
};

}  // namespace standin

template <typename... T>
standin::ValueList<T...> Values(T... values) {
  return {{values...}};
}
template <typename List>
auto ValuesIn(const List& values) {
  using T = std::decay_t<decltype(*std::begin(values))>;
  return standin::Container<T>{{std::begin(values), std::end(values)}};
}
inline standin::Container<bool> Bool() {
  return {{false, true}};
}
template <typename... Generators>
standin::Product<Generators...> Combine(const Generators&... generators) {
  return {{generators...}};
}

}  // namespace testing

#define EQ_STANDIN_CLASS(suite, name) suite##_##name##_Test
#define EQ_STANDIN_CASE(suite, name, parent)                                                      \
  class EQ_STANDIN_CLASS(suite, name) : public parent {                                           \
    void TestBody() override;                                                                     \
    static const bool added_;                                                                     \
  };                                                                                              \
  const bool EQ_STANDIN_CLASS(suite, name)::added_ =                                              \
      (::testing::standin::add_case(                                                              \
           {#suite "." #name, [] { return std::make_unique<EQ_STANDIN_CLASS(suite, name)>(); }}), \
       true);                                                                                     \
  void EQ_STANDIN_CLASS(suite, name)::TestBody()
#define TEST(suite, name) EQ_STANDIN_CASE(suite, name, ::testing::Test)
#define TEST_F(suite, name) EQ_STANDIN_CASE(suite, name, suite)
#define TEST_P(suite, name)                                                                    \
  class EQ_STANDIN_CLASS(suite, name) : public suite {                                         \
    void TestBody() override;                                                                  \
    static const bool added_;                                                                  \
  };                                                                                           \
  const bool EQ_STANDIN_CLASS(suite, name)::added_ =                                           \
      (::testing::standin::Parametrised<suite>::bodies().push_back(                            \
           {#suite, #name, [] { return std::make_unique<EQ_STANDIN_CLASS(suite, name)>(); }}), \
       true);                                                                                  \
  void EQ_STANDIN_CLASS(suite, name)::TestBody()
#define INSTANTIATE_TEST_SUITE_P(prefix, suite, ...)             \
  [[maybe_unused]] static const bool prefix##_##suite##_added_ = \
      ::testing::standin::Parametrised<suite>::instantiate(#prefix, __VA_ARGS__)

// The switch lets an assertion stand as the branch of an if without braces.
#define EQ_STANDIN_ASSERT(result, leave)                                \
  switch (0)                                                            \
  case 0:                                                               \
  default:                                                              \
    if (const ::testing::standin::Verdict standin_verdict = (result)) { \
    } else                                                              \
      leave ::testing::standin::Failure{__FILE__, __LINE__, standin_verdict.text} = ::testing::Message()
#define EQ_STANDIN_COMPARE(a, sign, b, leave)                                                                          \
  EQ_STANDIN_ASSERT(                                                                                                   \
      ::testing::standin::compared(                                                                                    \
          #a, #sign, #b, a, b, [](const auto& standin_a, const auto& standin_b) { return standin_a sign standin_b; }), \
      leave)

#define EXPECT_TRUE(a) EQ_STANDIN_ASSERT(::testing::standin::truth(#a, static_cast<bool>(a), true), )
#define ASSERT_TRUE(a) EQ_STANDIN_ASSERT(::testing::standin::truth(#a, static_cast<bool>(a), true), return )
#define EXPECT_FALSE(a) EQ_STANDIN_ASSERT(::testing::standin::truth(#a, static_cast<bool>(a), false), )
#define ASSERT_FALSE(a) EQ_STANDIN_ASSERT(::testing::standin::truth(#a, static_cast<bool>(a), false), return )
#define EXPECT_EQ(a, b) EQ_STANDIN_COMPARE(a, ==, b, )
#define ASSERT_EQ(a, b) EQ_STANDIN_COMPARE(a, ==, b, return )
#define EXPECT_NE(a, b) EQ_STANDIN_COMPARE(a, !=, b, )
#define ASSERT_NE(a, b) EQ_STANDIN_COMPARE(a, !=, b, return )
#define EXPECT_LT(a, b) EQ_STANDIN_COMPARE(a, <, b, )
#define ASSERT_LT(a, b) EQ_STANDIN_COMPARE(a, <, b, return )
#define EXPECT_LE(a, b) EQ_STANDIN_COMPARE(a, <=, b, )
#define ASSERT_LE(a, b) EQ_STANDIN_COMPARE(a, <=, b, return )
#define EXPECT_GT(a, b) EQ_STANDIN_COMPARE(a, >, b, )
#define ASSERT_GT(a, b) EQ_STANDIN_COMPARE(a, >, b, return )
#define EXPECT_GE(a, b) EQ_STANDIN_COMPARE(a, >=, b, )
#define ASSERT_GE(a, b) EQ_STANDIN_COMPARE(a, >=, b, return )
#define EXPECT_NEAR(a, b, bound) EQ_STANDIN_ASSERT(::testing::standin::within(#a, #b, a, b, bound), )
#define ASSERT_NEAR(a, b, bound) EQ_STANDIN_ASSERT(::testing::standin::within(#a, #b, a, b, bound), return )
#define EXPECT_FLOAT_EQ(a, b) EQ_STANDIN_ASSERT(::testing::standin::almost_equal<float>(#a, #b, a, b), )
#define ASSERT_FLOAT_EQ(a, b) EQ_STANDIN_ASSERT(::testing::standin::almost_equal<float>(#a, #b, a, b), return )
#define EXPECT_DOUBLE_EQ(a, b) EQ_STANDIN_ASSERT(::testing::standin::almost_equal<double>(#a, #b, a, b), )
#define ASSERT_DOUBLE_EQ(a, b) EQ_STANDIN_ASSERT(::testing::standin::almost_equal<double>(#a, #b, a, b), return )
#define EXPECT_THROW(statement, type) \
  EQ_STANDIN_ASSERT(::testing::standin::throws<type>(#statement, [&] { statement; }), )
#define EXPECT_THAT(value, matcher) EQ_STANDIN_ASSERT(::testing::standin::matched(#value, value, matcher), )
#define ASSERT_THAT(value, matcher) EQ_STANDIN_ASSERT(::testing::standin::matched(#value, value, matcher), return )
#define ADD_FAILURE() ::testing::standin::Failure{__FILE__, __LINE__, "failed"} = ::testing::Message()
#define FAIL() return ADD_FAILURE()
#define GTEST_SKIP() return ::testing::standin::Skip{} = ::testing::Message()
#define EQ_STANDIN_JOIN(a, b) a##b
#define EQ_STANDIN_UNIQUE(a, b) EQ_STANDIN_JOIN(a, b)
#define SCOPED_TRACE(text) \
  const ::testing::standin::Trace EQ_STANDIN_UNIQUE(standin_trace_, __LINE__)((::testing::Message() << text).text())
