#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/clock.h"
#include "engine/core/folder_lock.h"
#include "engine/evaluation/measurement.h"
#include "engine/tracking/trackers.h"
#include "engine/training/params.h"

namespace equipoise::cli {

/// The files of a run folder.
namespace run_files {
inline constexpr const char* kMarker = "run.json";               ///< RunMarker
inline constexpr const char* kConfig = "config.yaml";            ///< resolved: every field, absolute paths
inline constexpr const char* kData = "data.json";                ///< files with sha256, splits, how columns were read
inline constexpr const char* kEncoder = "encoder.json";          ///< all that new rows need to be encoded
inline constexpr const char* kConstraints = "constraints.json";  ///< the compiled table
inline constexpr const char* kWeights = "model.safetensors";     ///< the kept iterate
inline constexpr const char* kModel = "model.json";              ///< the architecture, inputs and decision
inline constexpr const char* kModule = "module.pt";              ///< of a torchscript model, the file that it came from
inline constexpr const char* kMeasurements = "measurements.jsonl";  ///< one line a measurement
inline constexpr const char* kResults = "results.json";             ///< report::Report
inline constexpr const char* kReport = "report.html";
inline constexpr const char* kBank = "bank.json";              ///< of a bank: report::BankReport
inline constexpr const char* kCompare = "compare.json";        ///< of a comparison: report::CompareReport
inline constexpr const char* kFrontier = "frontier.json";      ///< of a frontier: report::FrontierReport
inline constexpr const char* kFrontierPage = "frontier.html";  ///< the same as a page
inline constexpr const char* kCheckpoints = "checkpoints";     ///< what the run goes on from after it was cut off
inline constexpr const char* kSearch = "search.json";  ///< the settings that were tried where model.kind is auto
inline constexpr const char* kMembers = "members";  ///< of a bank or a comparison: a run folder for each, 000 and so on
/// Every file that a run writes into its folder.
inline constexpr const char* kAll[] = {kConfig,   kData,         kEncoder, kConstraints, kWeights, kModel,
                                       kModule,   kMeasurements, kResults, kReport,      kBank,    kCompare,
                                       kFrontier, kFrontierPage, kSearch,  kMarker};
}  // namespace run_files

/// What run.json says: that the folder is ours, and how far its run is.
struct RunMarker {
  std::string status;         ///< running, finished, interrupted, diverged, stopped, failed
  std::string command;        ///< what reproduces the run
  std::string config;         ///< the config file as it was named
  std::string config_sha256;  ///< of that file
  std::string
      resolved_sha256;  ///< of the folder's config.yaml, which nobody is to change afterwards; "" before there is one
  std::string started, finished;     ///< ISO 8601, UTC
  std::vector<std::string> resumed;  ///< each time that it went on from a checkpoint
};

std::string to_text(const RunMarker& marker);
/// The verb whose run it is, "train"; "" where the marker has no command.
std::string verb_of(const RunMarker& marker);
/// Throws UserError (data) when `text` is not a marker of a known format; `name` is what messages call it.
RunMarker run_marker_from(const std::string& text, const std::string& name);

using core::utc_now;

/// output.run as a path inside output.folder, without a slash at its end; "" for the next free number. Throws UserError
/// (config) when it leads elsewhere.
std::filesystem::path run_name(const training::OutputParams& output, const config::Origin& origin);

/// The folder that one training run writes.
///
/// A new folder is made when it is claimed, by mkdir, so that two processes never share one and a disk that cannot be
/// written shows before training. A folder that was there is left as it is until `begin`. A run that fails before its
/// model is saved leaves nothing of its own behind.
class RunFolder {
 public:
  /// `output.folder`/`output.run`, or the next free number after the run's name. Throws UserError (data) when it is
  /// not ours, finished, of another verb or can go on (and output.overwrite is false), in use by another process, or cannot be written.
  static RunFolder claim(const training::OutputParams& output, const std::string& name, RunMarker marker,
                         const config::Origin& origin);
  /// The folder of a run that stands there already, to go on with it: output.run, or the one after the run's name with the highest
  /// number. Nothing where there is none. It is as it was until `begin`. Throws UserError (data) as claim does, and for what another
  /// verb made.
  static std::optional<RunFolder> reclaim(const training::OutputParams& output, const std::string& name,
                                          RunMarker marker, const config::Origin& origin);
  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&&) = delete;
  ~RunFolder();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const char* name) const { return path_ / name; }
  /// Of a member the bank's; else null.
  const RunFolder* parent() const { return parent_; }

  /// The folder of a member of this bank, which must outlive it: a bank that is not kept takes its members along.
  RunFolder claim_member(std::size_t member, RunMarker marker);
  /// What a run of ours left in that folder, so that the next one there begins anew.
  void remove_member(std::size_t member) noexcept;
  /// What it could go on from.
  void remove_checkpoints() noexcept;

  /// From here on the folder holds this run alone, its resolved config first: what an earlier run of ours left is
  /// removed. Once is enough.
  void begin(std::string_view config);
  bool has_begun() const { return has_begun_; }
  /// Of a reclaimed folder: its checkpoints stay, and it stays whatever comes. A model that it has is set aside at `begin`, until there is
  /// one again.
  void go_on();
  bool goes_on() const { return goes_on_; }
  /// Of a reclaimed folder: what its marker says of the run.
  const std::string& earlier_status() const { return earlier_status_; }
  /// Written whole or not at all.
  void write(const char* name, std::string_view content);
  /// One more line of measurements.jsonl.
  void append_measurement(const evaluation::Measurement& measurement);
  /// Who else is told of the run; a run that leaves nothing behind tells them that it failed. Null until then.
  void track(std::unique_ptr<tracking::Trackers> trackers) { trackers_ = std::move(trackers); }
  tracking::Trackers* trackers() const { return trackers_.get(); }
  /// The model is saved: what is there stays from now on, whatever comes.
  void keep() { is_kept_ = true; }
  bool is_kept() const { return is_kept_; }
  /// Sets the status and the time; keeps the folder.
  void finish(const std::string& status);
  /// After keep(): what came after the model could not be written.
  void mark_failed() noexcept;
  /// Whether a run of ours stood here before; until `begin` it still does.
  bool holds_an_earlier_run() const { return holds_an_earlier_run_; }

 private:
  RunFolder(std::filesystem::path path, RunMarker marker) : path_(std::move(path)), marker_(std::move(marker)) {}

  void make_parents();
  void claim_next_number(const std::string& name);
  void claim_named(bool overwrite, const config::Origin& origin);
  void check_ours(bool overwrite, const config::Origin& origin);
  void lock();
  void write_marker();
  void remove_members() noexcept;
  void remove_own_files() noexcept;
  void tell_failure() noexcept;
  void discard() noexcept;

  std::filesystem::path path_;
  RunMarker marker_;
  const RunFolder* parent_ = nullptr;
  std::unique_ptr<tracking::Trackers> trackers_;
  std::vector<std::filesystem::path> made_;  // folders that were not there before, outermost first
  std::optional<core::FolderLock> lock_;
  bool has_begun_ = false;
  bool holds_an_earlier_run_ = false;
  bool is_kept_ = false;
  bool goes_on_ = false;
  std::string earlier_status_;
};

/// A name as part of a path: letters, digits, '.', '_', '-' and whatever is beyond ASCII; the rest becomes '-'.
std::string folder_name(const std::string& name);

}  // namespace equipoise::cli
