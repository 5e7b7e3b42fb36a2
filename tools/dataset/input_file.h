// SPDX-License-Identifier: Apache-2.0
// Whole files, unpacked when they are gzip.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace weft::dataset {

// The content of a plain or gzip file (told apart by content, not by name). Throws Error when the file
// cannot be read, is larger than 1 GiB unpacked, or is a gzip file that is cut off, corrupt (the
// checksum is verified) or followed by anything else.
std::string read_input_file(const std::filesystem::path& path);

// The first of `names` that is a file in `directory`, each tried as it is and with ".gz" appended;
// empty when there is none.
std::filesystem::path find_input_file(const std::filesystem::path& directory,
                                      const std::vector<std::string>& names);

// As above, but throws Error with everything that was looked for when there is none.
std::filesystem::path locate(const std::filesystem::path& directory, const std::vector<std::string>& names);

}  // namespace weft::dataset
