// SPDX-License-Identifier: Apache-2.0
#include "platform/semihosting/host_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "models/common/error.h"

namespace weft::semihosting {

namespace fs = std::filesystem;

HostFolder::HostFolder(const fs::path& root) {
  std::error_code error;
  root_ = fs::canonical(root, error);
  if (error || !fs::is_directory(root_, error)) {
    throw Error(fmt::format("semihosting root '{}' is no folder; allowed: an existing one", root.string()));
  }
}

fs::path HostFolder::resolve(const std::string& name) const {
  const fs::path path(name);
  if (name.empty() || path.is_absolute()) return {};
  std::error_code error;
  fs::path resolved = fs::weakly_canonical(root_ / path, error);
  if (error) return {};
  const auto [root_end, rest] = std::mismatch(root_.begin(), root_.end(), resolved.begin(), resolved.end());
  const bool inside = root_end == root_.end() && rest != resolved.end();
  return inside ? resolved : fs::path();
}

int HostFolder::open(const std::string& name, int flags) const {
  const fs::path path = resolve(name);
  if (path.empty()) return -EACCES;
  constexpr mode_t readable_for_all = 0644;
  // A link in the last place leads to something that does not exist, or resolve() would have followed it.
  // Without O_NONBLOCK a named pipe would stop the simulation here.
  const int file = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, readable_for_all);
  if (file < 0) return -errno;
  struct stat status {};
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) return file;
  ::close(file);
  return -EACCES;
}

int HostFolder::remove(const std::string& name) const {
  const fs::path path = resolve(name);
  if (path.empty()) return -EACCES;
  return ::unlink(path.c_str()) == 0 ? 0 : -errno;
}

int HostFolder::rename(const std::string& from, const std::string& to) const {
  const fs::path source = resolve(from);
  const fs::path target = resolve(to);
  if (source.empty() || target.empty()) return -EACCES;
  return std::rename(source.c_str(), target.c_str()) == 0 ? 0 : -errno;
}

}  // namespace weft::semihosting
