#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

namespace equipoise::cli {

/// The folders of a bank's or a comparison's members inside its own: members/000 and so on.
std::filesystem::path member_folder(const std::filesystem::path& parent, std::size_t member);

/// "members/003", as the parent's files name it.
std::string name_in(const std::filesystem::path& parent, const std::filesystem::path& member);

/// Calls `take` with each of them that is there, and its number.
void for_each_member(const std::filesystem::path& parent,
                     const std::function<void(std::size_t, const std::filesystem::path&)>& take);

/// Whether a run finished in the folder. What was cut off before its marker was whole is no run.
bool has_finished_run(const std::filesystem::path& folder);

/// Whether nothing is in it, or what a process that was killed in its first write left.
bool is_as_good_as_empty(const std::filesystem::path& folder);

/// Throws UserError (data) where what stands there is not a run of ours, which a new one would replace: a link, a file, somebody's folder.
void check_member_folder(const std::filesystem::path& folder);

/// Removes what a run that was killed in the middle of a write left.
void remove_unfinished_files(const std::filesystem::path& folder) noexcept;

/// Removes what a run of ours left in it; what is not ours stays, and the folder with it.
void remove_run(const std::filesystem::path& folder) noexcept;

}  // namespace equipoise::cli
