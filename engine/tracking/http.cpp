#include "engine/tracking/http.h"

#include <curl/curl.h>
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "engine/core/error.h"

namespace equipoise::tracking {
namespace {

constexpr std::size_t kLargestReply = std::size_t{16} << 20;
constexpr long kConnectSeconds = 5;
constexpr long kStalledSeconds = 10;

// The part of libcurl that is used here.
struct Curl {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) init = nullptr;
  decltype(&::curl_easy_setopt) set = nullptr;
  decltype(&::curl_easy_perform) perform = nullptr;
  decltype(&::curl_easy_getinfo) info = nullptr;
  decltype(&::curl_easy_reset) reset = nullptr;
  decltype(&::curl_easy_cleanup) cleanup = nullptr;
  decltype(&::curl_easy_strerror) words = nullptr;
  decltype(&::curl_easy_escape) escape = nullptr;
  decltype(&::curl_free) free = nullptr;
  decltype(&::curl_slist_append) append = nullptr;
  decltype(&::curl_slist_free_all) free_list = nullptr;
};

template <typename Function>
bool bind(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

bool bind_all(void* library, Curl& curl) {
  return bind(library, "curl_global_init", curl.global_init) && bind(library, "curl_easy_init", curl.init) &&
         bind(library, "curl_easy_setopt", curl.set) && bind(library, "curl_easy_perform", curl.perform) &&
         bind(library, "curl_easy_getinfo", curl.info) && bind(library, "curl_easy_reset", curl.reset) &&
         bind(library, "curl_easy_cleanup", curl.cleanup) && bind(library, "curl_easy_strerror", curl.words) &&
         bind(library, "curl_easy_escape", curl.escape) && bind(library, "curl_free", curl.free) &&
         bind(library, "curl_slist_append", curl.append) && bind(library, "curl_slist_free_all", curl.free_list);
}

const Curl* load() {
  // Debian's flavours, and the name that others give it.
  for (const char* name : {"libcurl.so.4", "libcurl-gnutls.so.4"}) {
    void* library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    static Curl curl;
    if (library != nullptr && bind_all(library, curl) && curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
      return &curl;
  }
  return nullptr;
}

const Curl& curl() {
  static const Curl* loaded = load();
  if (loaded == nullptr)
    throw core::UserError(core::Fault::data,
                          "MLflow is asked through libcurl, and this machine has no libcurl.so.4; install it (Debian: "
                          "libcurl4), or leave tracking.mlflow.uri out");
  return *loaded;
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  const std::string text = value == nullptr ? "" : value;
  if (text.find_first_of("\r\n") != std::string::npos)
    throw core::UserError(core::Fault::config, std::string(name) + " in the environment has a line end in it");
  return text;
}

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* target) {
  auto& body = *static_cast<std::string*>(target);
  if (body.size() + size * count > kLargestReply) return 0;
  body.append(bytes, size * count);
  return size * count;
}

int check_stop(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(stop)->load() ? 1 : 0;
}

// What another try would meet again.
bool is_final(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_READ_ERROR:
      return true;
    default:
      return false;
  }
}

}  // namespace

Credentials Credentials::from_environment() {
  using tracking::from_environment;
  return {from_environment("MLFLOW_TRACKING_TOKEN"), from_environment("MLFLOW_TRACKING_USERNAME"),
          from_environment("MLFLOW_TRACKING_PASSWORD"), from_environment("MLFLOW_TRACKING_SERVER_CERT_PATH")};
}

struct HttpClient::Handle {
  Credentials credentials;
  CURL* easy = nullptr;

  template <typename Value>
  void set(CURLoption option, Value value) const {
    curl().set(easy, option, value);
  }

  void set_common(const HttpRequest& request, const std::atomic<bool>& stop) const {
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    set(CURLOPT_NOSIGNAL, 1L);  // signals are the program's own
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.seconds * 1000));
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, kStalledSeconds);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &check_stop);
    set(CURLOPT_XFERINFODATA, static_cast<const void*>(&stop));
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_USERAGENT, "equipoise");
    if (!credentials.certificates.empty()) set(CURLOPT_CAINFO, credentials.certificates.c_str());
    if (credentials.token.empty() && !credentials.user.empty()) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_USERNAME, credentials.user.c_str());
      set(CURLOPT_PASSWORD, credentials.password.c_str());
    }
  }

  curl_slist* headers(const HttpRequest& request) const {
    curl_slist* list = nullptr;
    if (!credentials.token.empty()) list = curl().append(list, ("Authorization: Bearer " + credentials.token).c_str());
    list = curl().append(
        list, request.file.empty() ? "Content-Type: application/json" : "Content-Type: application/octet-stream");
    return curl().append(list, "Expect:");  // servers that do not know it would be waited for
  }
};

HttpClient::HttpClient(Credentials credentials) : handle_(std::make_unique<Handle>()) {
  handle_->credentials = std::move(credentials);
  handle_->easy = curl().init();
}
HttpClient::~HttpClient() {
  if (handle_) curl().cleanup(handle_->easy);
}
HttpClient::HttpClient(HttpClient&&) noexcept = default;

HttpReply HttpClient::ask(const HttpRequest& request, const std::atomic<bool>& stop) {
  const Handle& handle = *handle_;
  HttpReply reply;
  curl().reset(handle.easy);
  handle.set_common(request, stop);
  handle.set(CURLOPT_WRITEDATA, static_cast<void*>(&reply.body));
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(nullptr, &std::fclose);
  if (!request.file.empty()) {
    file.reset(std::fopen(request.file.c_str(), "rbe"));
    std::error_code error;
    const auto size = std::filesystem::file_size(request.file, error);
    if (!file || error) return {0, "", "", "cannot read " + request.file.string(), true};
    handle.set(CURLOPT_UPLOAD, 1L);
    handle.set(CURLOPT_READDATA, static_cast<void*>(file.get()));
    handle.set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(size));
  } else if (request.method != "GET") {
    handle.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    handle.set(CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_slist* headers = handle.headers(request);
  handle.set(CURLOPT_HTTPHEADER, headers);
  const CURLcode code = curl().perform(handle.easy);
  if (code == CURLE_OK) {
    curl().info(handle.easy, CURLINFO_RESPONSE_CODE, &reply.status);
    const char* location = nullptr;
    curl().info(handle.easy, CURLINFO_REDIRECT_URL, &location);
    if (location != nullptr) reply.location = location;
  } else {
    reply.failure = code == CURLE_WRITE_ERROR ? "its answer is longer than 16 MiB" : curl().words(code);
    reply.is_final = is_final(code);
  }
  curl().free_list(headers);
  return reply;
}

std::string HttpClient::escaped(const std::string& text) const {
  char* words = curl().escape(handle_->easy, text.c_str(), static_cast<int>(text.size()));
  const std::string result = words == nullptr ? "" : words;
  curl().free(words);
  return result;
}

}  // namespace equipoise::tracking
