#pragma once

#include <optional>

#include "engine/tracking/sink.h"

namespace equipoise::tracking {

inline constexpr const char* kPrometheusFile = "metrics.prom";

/// What metrics.prom says after a measure, or at the end.
struct PrometheusState {
  std::optional<evaluation::Measurement> measurement;  ///< the newest
  std::optional<RunEnd> end;
  double time = 0;  ///< seconds since 1970 of what is newest
};

/// The text exposition format, version 0.0.4, without time stamps on samples, which a textfile collector refuses. Names
/// and help are the same in every run, as the collector wants of files side by side; the label `run` tells them apart.
std::string prometheus_text(const RunFacts& facts, const PrometheusState& state);

/// Keeps metrics.prom of the run's folder: replaced whole, at most once a second, and at the end.
Sink prometheus_sink(const RunFacts& facts);

}  // namespace equipoise::tracking
