// SPDX-License-Identifier: Apache-2.0
#include "platform/trace/trace_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

#include "models/common/error.h"

namespace weft::trace {

TraceFile::TraceFile(const std::filesystem::path& file) : name_(file.string()) {
  // 'T' writes without compression.
  const char* const mode = file.extension() == ".gz" ? "wb6" : "wbT";
  errno = 0;
  file_.reset(gzopen(name_.c_str(), mode));
  if (file_ == nullptr) fail();
}

void TraceFile::write(const std::string& text) {
  if (text.empty()) return;
  errno = 0;
  if (gzwrite(file_.get(), text.data(), static_cast<unsigned>(text.size())) == 0) fail();
}

void TraceFile::close() {
  errno = 0;
  if (gzclose(file_.release()) != Z_OK) fail();
}

void TraceFile::fail() const {
  const int error = errno;
  throw Error(
      fmt::format("{}: cannot be written: {}", name_, error != 0 ? std::strerror(error) : "zlib fails"));
}

void TraceFile::Close::operator()(gzFile_s* file) const { gzclose(file); }

}  // namespace weft::trace
