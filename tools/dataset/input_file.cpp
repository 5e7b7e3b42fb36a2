// SPDX-License-Identifier: Apache-2.0
#include "tools/dataset/input_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "models/common/error.h"

namespace weft::dataset {

namespace {

constexpr std::size_t size_limit = std::size_t{1} << 30;
constexpr std::string_view gzip_magic = "\x1f\x8b";

std::string read_plain(const std::filesystem::path& path) {
  std::error_code status;
  if (!std::filesystem::exists(path, status)) throw Error(fmt::format("{}: no such file", path.string()));
  if (!std::filesystem::is_regular_file(path, status)) {
    throw Error(fmt::format("{}: not a file", path.string()));
  }
  if (std::filesystem::file_size(path, status) > size_limit) {
    throw Error(fmt::format("{}: larger than the {} bytes allowed", path.string(), size_limit));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(fmt::format("{}: cannot be opened: {}", path.string(), std::strerror(errno)));
  std::ostringstream content;
  content << file.rdbuf();
  if (file.bad()) throw Error(fmt::format("{}: cannot be read", path.string()));
  return content.str();
}

// Unpacks member after member (RFC 1952 allows several). zlib's own gz* functions would silently
// ignore whatever follows the last one.
class Unpacker {
 public:
  Unpacker(const std::filesystem::path& path, const std::string& packed) : path_(path), packed_(packed) {
    constexpr int gzip_format = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, gzip_format) != Z_OK) throw Error("zlib: out of memory");
    // zlib never writes to its input; the missing const is an accident of its interface.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(packed.size());
  }
  ~Unpacker() { inflateEnd(&stream_); }
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  std::string unpack() {
    while (stream_.avail_in > 0) {
      check_member_start();
      unpack_member();
    }
    return std::move(content_);
  }

 private:
  std::size_t offset() const { return packed_.size() - stream_.avail_in; }

  void check_member_start() const {
    if (packed_.compare(offset(), gzip_magic.size(), gzip_magic) == 0) return;
    throw Error(fmt::format("{}: byte {}: found {} bytes after the end of the gzip data, expected none",
                            path_.string(), offset(), stream_.avail_in));
  }

  void unpack_member() {
    inflateReset(&stream_);
    std::array<char, 1 << 16> chunk;
    int status = Z_OK;
    while (status != Z_STREAM_END) {
      stream_.next_out = reinterpret_cast<Bytef*>(chunk.data());
      stream_.avail_out = static_cast<uInt>(chunk.size());
      status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_BUF_ERROR) {
        throw Error(fmt::format("{}: byte {}: the gzip data is cut off", path_.string(), offset()));
      }
      if (status != Z_OK && status != Z_STREAM_END) {
        throw Error(fmt::format("{}: byte {}: the gzip data is corrupt ({})", path_.string(), offset(),
                                stream_.msg != nullptr ? stream_.msg : "unknown compression"));
      }
      content_.append(chunk.data(), chunk.size() - stream_.avail_out);
      if (content_.size() > size_limit) {
        throw Error(
            fmt::format("{}: larger than the {} bytes allowed when unpacked", path_.string(), size_limit));
      }
    }
  }

  const std::filesystem::path& path_;
  const std::string& packed_;
  z_stream stream_{};
  std::string content_;
};

}  // namespace

std::string read_input_file(const std::filesystem::path& path) {
  std::string content = read_plain(path);
  if (content.compare(0, gzip_magic.size(), gzip_magic) != 0) return content;
  return Unpacker(path, content).unpack();
}

std::filesystem::path find_input_file(const std::filesystem::path& directory,
                                      const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    for (const char* suffix : {"", ".gz"}) {
      std::filesystem::path path = directory / (name + suffix);
      std::error_code status;
      if (std::filesystem::is_regular_file(path, status)) return path;
    }
  }
  return {};
}

std::filesystem::path locate(const std::filesystem::path& directory, const std::vector<std::string>& names) {
  std::error_code status;
  if (!std::filesystem::is_directory(directory, status)) {
    throw Error(fmt::format("{}: no such directory", directory.string()));
  }
  std::filesystem::path path = find_input_file(directory, names);
  if (!path.empty()) return path;
  std::string wanted;
  for (const std::string& name : names)
    wanted += fmt::format("{}{}[.gz]", wanted.empty() ? "" : " or ", name);
  throw Error(fmt::format("{}: expected a file named {}, found none", directory.string(), wanted));
}

}  // namespace weft::dataset
