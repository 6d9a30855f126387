#pragma once

namespace equipoise::core::refusals {

/// Words of errors that a program which started another acts upon. The log of the other is all that it has of the error, so they stand
/// here for who says them and who looks for them.
inline constexpr const char* kFolderInUse = "another process is writing the run folder";
inline constexpr const char* kOtherRun = "is of another run";
inline constexpr const char* kOtherFormat = "this program reads format";

}  // namespace equipoise::core::refusals
