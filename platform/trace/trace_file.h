// SPDX-License-Identifier: Apache-2.0
// A text file that grows line by line, compressed by gzip if its name ends in .gz.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

struct gzFile_s;

namespace weft::trace {

class TraceFile {
 public:
  // Throws weft::Error, as the others do, naming the file and the reason.
  explicit TraceFile(const std::filesystem::path& file);

  void write(const std::string& text);
  // Everything is on disk afterwards; without it errors at the end of the file go unnoticed.
  void close();

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };
  [[noreturn]] void fail() const;

  std::string name_;
  std::unique_ptr<gzFile_s, Close> file_;
};

}  // namespace weft::trace
