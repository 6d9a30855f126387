#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/tracking/mlflow_server.h"
#include "engine/tracking/outbox.h"

namespace equipoise::tracking {

/// Tells an MLflow server what waits in outboxes, each thing once: a request whose answer was lost is not repeated before
/// the server was asked what it has.
class Delivery {
 public:
  Delivery(std::string uri, Credentials credentials, const std::atomic<bool>& stop);

  enum class Result {
    sent,    ///< something; there may be more
    away,    ///< the server, for now; why() says more
    closed,  ///< the server does not take this run, whatever is asked
  };
  /// Sends the next lines of an outbox that has some. A line that the server refuses is passed over, with a complaint.
  Result send_next(Outbox& outbox);

  const std::string& why() const { return why_; }
  const std::string& uri() const { return server_.uri(); }
  /// What was refused since the last call, as sentences.
  std::vector<std::string> take_complaints();

 private:
  Result begin_run(Outbox& outbox, const Line& line);
  Result not_begun(const Answer& answer);
  Answer experiment(const std::string& name);
  Answer parent_of(const Outbox& outbox, const Line& line, const std::string& experiment_id);
  std::string bank_of(const Outbox& outbox) const;
  Answer sweep_of(const Outbox& outbox, const Line& sweep, const std::string& experiment_id);
  Answer find_or_create(const std::string& key, const nlohmann::json& request, bool may_be_there);
  Result send_lines(Outbox& outbox, const std::vector<Line>& lines);
  Result send_metrics(Outbox& outbox, const std::vector<Line>& lines);
  Result send_artifact(Outbox& outbox, const std::string& name);
  Result after(const Answer& answer, Outbox& outbox, std::size_t lines, const std::string& what);
  Answer leave_out_known(const std::string& run_id, nlohmann::json& metrics);
  void complain(std::string sentence);

  MlflowServer server_;
  std::string why_;
  std::vector<std::string> complaints_;
  std::set<std::string> said_;
  std::map<std::string, std::string> experiments_;     // name -> id
  std::map<std::filesystem::path, std::string> runs_;  // folder -> id, of this delivery's outboxes
  std::map<std::filesystem::path, bool> in_doubt_;     // whether the server may have more than the outbox knows
};

}  // namespace equipoise::tracking
