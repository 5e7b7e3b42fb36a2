// SPDX-License-Identifier: Apache-2.0
// Where the installed or built Weft keeps its firmware and scenarios, and how results are written.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace weft::tool {

// The host firmware that is built with Weft. Throws Error when it is missing.
std::filesystem::path default_firmware();

// Folders with platforms/ and technologies/.
std::vector<std::filesystem::path> preset_folders();

// Writes to a temporary file beside it first, so that nothing half-written is ever left behind. Throws
// Error naming the file and the reason.
void write_file(const std::filesystem::path& file, const void* data, std::size_t size);
void write_file(const std::filesystem::path& file, const std::string& text);

// Creates a folder for results; throws Error naming it and the reason.
void make_folder(const std::filesystem::path& folder);

}  // namespace weft::tool
