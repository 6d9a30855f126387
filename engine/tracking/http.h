#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

namespace equipoise::tracking {

/// Who asks. Nothing of it is written down anywhere, or said.
struct Credentials {
  std::string token;           ///< sent as a bearer's
  std::string user, password;  ///< where there is no token
  std::string certificates;    ///< a file of authorities for https; "" for the machine's

  /// MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_SERVER_CERT_PATH. Throws
  /// UserError (config), without repeating it, where one has a line end in it.
  static Credentials from_environment();
};

struct HttpRequest {
  std::string method;  ///< GET, POST, PUT
  std::string url;
  std::string body = {};            ///< JSON
  std::filesystem::path file = {};  ///< sent instead of a body
  double seconds = 10;              ///< for all of it
};

/// An answer, or why there was none.
struct HttpReply {
  long status = 0;  ///< 0: no answer
  std::string body;
  std::string location;  ///< of a redirect, which is not followed: credentials stay with the host they are for
  std::string failure;   ///< where there was no answer: libcurl's words
  bool is_final =
      false;  ///< no answer, and asking again would give none: a certificate that is not trusted and the like
};

/// Asks over HTTP and HTTPS with libcurl, which is loaded when the first client is made. One request at a time.
class HttpClient {
 public:
  /// Throws UserError (data) where the machine has no libcurl.
  explicit HttpClient(Credentials credentials);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;

  /// Never throws for what the other side does; ends within about a second of `stop` becoming true.
  HttpReply ask(const HttpRequest& request, const std::atomic<bool>& stop);

  /// Text as part of a URL's path or query.
  std::string escaped(const std::string& text) const;

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace equipoise::tracking
