// SPDX-License-Identifier: Apache-2.0
// A folder of the host that a program may use, and nothing outside of it: absolute names, names that climb
// out with "..", symbolic links that lead out and everything that is no ordinary file are refused.
#pragma once

#include <filesystem>
#include <string>

namespace weft::semihosting {

class HostFolder {
 public:
  // Throws weft::Error when there is no such folder.
  explicit HostFolder(const std::filesystem::path& root);

  // These answer as the system calls they are named after: a descriptor or 0, or a negative errno.
  int open(const std::string& name, int flags) const;
  int remove(const std::string& name) const;
  int rename(const std::string& from, const std::string& to) const;

 private:
  // The file meant, with every link resolved; empty if it lies outside.
  std::filesystem::path resolve(const std::string& name) const;

  std::filesystem::path root_;
};

}  // namespace weft::semihosting
