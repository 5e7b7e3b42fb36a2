// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "models/common/error.h"

namespace weft::tool {

namespace fs = std::filesystem;

namespace {

fs::path program_folder() { return fs::read_symlink("/proc/self/exe").parent_path(); }

}  // namespace

fs::path default_firmware() {
  const std::vector<fs::path> places{program_folder() / "../firmware/weft-host.elf",
                                     program_folder() / "../share/weft/firmware/weft-host.elf"};
  for (const fs::path& place : places) {
    if (fs::exists(place)) return fs::canonical(place);
  }
  throw Error(
      fmt::format("the host firmware is not at {}; build it (target weft_firmware_weft-host) or name another "
                  "with run.firmware",
                  places.front().lexically_normal().string()));
}

std::vector<fs::path> preset_folders() {
  std::vector<fs::path> folders;
  // An installed program has presets of its own version; the source tree may have moved on.
  for (const fs::path& place : {program_folder() / "../share/weft/scenarios", fs::path(WEFT_SCENARIO_DIR)}) {
    if (fs::exists(place)) folders.push_back(fs::canonical(place));
  }
  return folders;
}

void write_file(const fs::path& file, const void* data, std::size_t size) {
  const fs::path temporary = file.string() + ".part";
  {
    std::ofstream stream(temporary, std::ios::binary);
    stream.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
    if (!stream)
      throw Error(fmt::format("{}: cannot be written: {}", temporary.string(), std::strerror(errno)));
  }
  std::error_code error;
  fs::rename(temporary, file, error);
  if (error) throw Error(fmt::format("{}: cannot be written: {}", file.string(), error.message()));
}

void write_file(const fs::path& file, const std::string& text) { write_file(file, text.data(), text.size()); }

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(fmt::format("{}: cannot be created: {}", folder.string(), error.message()));
}

}  // namespace weft::tool
