// SPDX-License-Identifier: Apache-2.0
// Runs the `weft` program (or any other) as a user would, and a folder for what it writes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace weft::test {

struct ProgramResult {
  int status = -1;  // exit status; 128 + signal number if a signal ended it
  std::string output;
  std::string errors;
};

// Arguments are passed as they are. With `interrupt_after` a SIGINT is sent as soon as that text has
// appeared on standard output.
ProgramResult run_program(const std::string& program, const std::vector<std::string>& arguments,
                          const std::string& interrupt_after = "");

// A new empty folder, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }
  // Writes a file into the folder and returns its path.
  std::string file(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

std::string read_text(const std::filesystem::path& file);

}  // namespace weft::test
